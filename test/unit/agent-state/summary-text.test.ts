import { expect, test } from 'vitest';
import type { BuildSummary } from '../../../src/agent-state/events.ts';
import { summaryText } from '../../../src/agent-state/summary-text.ts';
import { bytesText, tableLines } from '../../../src/agent-state/table-text.ts';

const build: BuildSummary = {
  began: 1_000_000,
  ended: 1_012_000,
  running: false,
  jobs: 30,
  remote: 17,
  local: 13,
  failedJobs: 2,
  wallSeconds: 12,
  localSeconds: 31.4,
  hosts: [
    { name: 'build1', jobs: 17, failures: 0, busySeconds: 8.12, bytesOut: 1_200_000, bytesIn: 300_000 },
    { name: 'build2:4000', jobs: 0, failures: 3, busySeconds: 12, bytesOut: 0, bytesIn: 0 },
  ],
  localReasons: [{ why: '"-march=native" means another processor', jobs: 13, cure: 'name the processor' }],
  failures: [{ host: 'build2:4000', why: 'timeout while connecting to 192.0.2.1:4000', count: 3, cure: 'look' }],
  preprocessedReasons: [{ why: 'it has __TIME__', jobs: 1 }],
  unpreprocessed: 16,
  preprocessed: 1,
  results: 0,
  slowest: [
    { file: 'parser.c', host: 'build1', seconds: 3.21 },
    { file: 'main.c', seconds: 0.4 },
  ],
  limit: 'local jobs',
  limitText: '13 of 30 jobs ran on this machine',
};

test('summaryText() has what the build did, and what limited it last', () => {
  expect(summaryText(build, 1_053_000).split('\n')).toEqual([
    'last build: 30 jobs in 12 s, ended 41 s ago',
    '17 by hosts (57 %), 13 on this machine (43 %); 2 ended with an error',
    'this machine alone would need about 31 s',
    'sent to hosts: 16 sources, 1 preprocessed here',
    '',
    'host         jobs  failed   busy    sent  received',
    'build1         17       0  8.1 s  1.2 MB  300 kB',
    'build2:4000     0       3   12 s     0 B  0 B',
    '',
    '   jobs  on this machine because',
    '     13  "-march=native" means another processor',
    '         to change that: name the processor',
    '',
    '  times  a host failed',
    '      3  build2:4000: timeout while connecting to 192.0.2.1:4000',
    '         to change that: look',
    '',
    '   jobs  preprocessed here because',
    '      1  it has __TIME__',
    '',
    ' time  slowest   host',
    '3.2 s  parser.c  build1',
    '0.4 s  main.c',
    '',
    'limit: 13 of 30 jobs ran on this machine',
    '',
  ]);
});

test('summaryText() of a build that runs, and of one job', () => {
  const running = { ...build, running: true, jobs: 1, wallSeconds: 0.5, hosts: [], failures: [], localReasons: [] };
  expect(summaryText(running, 0)).toMatch(/^this build: 1 job in 0\.5 s so far\n/);
});

test('summaryText() counts together the reasons that it does not show', () => {
  const localReasons = Array.from({ length: 12 }, (_, at) => ({ why: `reason ${at}`, jobs: 2, cure: 'do it' }));
  const text = summaryText({ ...build, localReasons }, 0);
  expect(text).toContain('      2  reason 7\n         to change that: do it\n      8  for other reasons\n');
});

test('bytesText() says bytes as people do', () => {
  expect([0, 999, 1000, 999_499, 1.25e6, 3e9].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '999 kB',
    '1.3 MB',
    '3.0 GB',
  ]);
});

test('tableLines() has numbers at the right, and texts at the left', () => {
  expect(
    tableLines(
      ['a', 'number', 'last'],
      [
        ['long', 5, 1],
        ['x', '', 22],
      ],
    ),
  ).toEqual(['a     number  last', 'long       5  1', 'x             22']);
});
