import { expect, test } from 'vitest';
import { judgeLimit } from '../../../../src/client/builds/limit.ts';
import type { Course } from '../../../../src/client/builds/limit.ts';

const ms = { queue: 0, scan: 1000, preprocess: 0, connect: 100, send: 100, compile: 90_000, receive: 100, local: 0 };

/** A build of 100 jobs in 12 s that nothing limits but the hosts' compilers. */
const course: Course = {
  jobs: 100,
  local: 0,
  wallSeconds: 12,
  ms,
  queueHereMs: 0,
  busy: 0.3,
  preprocessed: 0,
  unpreprocessed: 100,
  slots: 8,
  mostJobs: 8,
  reason: undefined,
};

const reason = { why: '"-march=native" means another processor', cure: 'name the processor', jobs: 60 };

test.each<[string, Partial<Course>, string, RegExp]>([
  ['nothing in particular', {}, 'unknown', /faster or more hosts/],
  [
    'most jobs on this machine',
    { local: 70, reason },
    'local jobs',
    /70 of 100 jobs.*60 of them because "-march=native".*name the processor$/,
  ],
  ['few jobs on this machine', { local: 10, reason }, 'unknown', /faster or more hosts/],
  [
    'a busy machine that preprocesses',
    { busy: 0.95, preprocessed: 96, unpreprocessed: 4 },
    'client',
    /95 % busy: use hosts with a distccd of this version, which preprocess by themselves; or run fewer jobs/,
  ],
  ['a busy machine', { busy: 0.95 }, 'client', /95 % busy: run fewer jobs at a time by "make -j"$/],
  [
    'a busy machine that compiles most by itself',
    { busy: 0.95, ms: { ...ms, local: 100_000 } },
    'client',
    /or list fewer slots for "localhost", or more hosts$/,
  ],
  ['too few slots', { ms: { ...ms, queue: 60_000 } }, 'slots', /40 % of their time for one of the 8 slots.*more hosts/],
  ['a slow line', { ms: { ...ms, send: 60_000, receive: 20_000 } }, 'network', /",lzo"/],
  ['too few slots here', { ms: { ...ms, queue: 60_000 }, queueHereMs: 60_000 }, 'client', /--localslots/],
  [
    'too few jobs at once',
    { ms: { ...ms, compile: 12_000 }, mostJobs: 2 },
    'commands',
    /raise "make -j" from about 2 to 8/,
  ],
  ['other commands', { ms: { ...ms, compile: 12_000 } }, 'commands', /other commands of the build/],
  ['scans', { ms: { ...ms, compile: 20_000, scan: 80_000 } }, 'client', /work on this machine/],
  ['almost no time', { wallSeconds: 0.4 }, 'unknown', /0\.4 s, which is too short/],
  ['almost no time, but local jobs', { wallSeconds: 0.4, local: 60, reason }, 'local jobs', /, all because/],
])('judgeLimit() finds %s', (_, change, limit, sentence) => {
  const found = judgeLimit({ ...course, ...change });
  expect(found.limit).toBe(limit);
  expect(found.limitText).toMatch(sentence);
});
