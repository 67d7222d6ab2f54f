import { expect, test } from 'vitest';
import { PlayedJobs } from './played-jobs.ts';

const build = (jobs: PlayedJobs) => {
  const summary = jobs.history.build();
  if (summary === undefined) throw new Error('no build');
  return summary;
};

test('a build counts jobs by place, and has the reasons with what to do', () => {
  const jobs = new PlayedJobs();
  for (let at = 0; at < 17; at += 1) jobs.remote(`${at}.c`, at % 2);
  for (let at = 0; at < 13; at += 1) jobs.local(`${at}.c`);
  jobs.local('a.o', 'without "-c" the command does more than compile', 'compile first', 1);
  expect(build(jobs)).toMatchObject({
    running: true,
    jobs: 31,
    remote: 17,
    local: 14,
    failedJobs: 1,
    unpreprocessed: 17,
    preprocessed: 0,
    localReasons: [
      { why: '"-march=native" means another processor', jobs: 13, cure: 'name it' },
      { why: 'without "-c" the command does more than compile', jobs: 1, cure: 'compile first' },
    ],
    failures: [],
  });
  const [one, two] = build(jobs).hosts;
  expect(one).toMatchObject({ name: 'one', jobs: 9, failures: 0, bytesOut: 18_000, bytesIn: 6300 });
  expect(one?.busySeconds).toBeCloseTo(9 * 0.107);
  expect(two).toMatchObject({ name: 'two', jobs: 8 });
  expect(build(jobs).wallSeconds).toBeCloseTo(17 * 0.137 + 14 * 0.05);
});

test('a build ends after five seconds without a job, and the next job begins another', () => {
  const jobs = new PlayedJobs();
  jobs.remote('a.c');
  jobs.now += 5000;
  expect(build(jobs).running).toBe(true);
  jobs.now += 1;
  expect(build(jobs)).toMatchObject({ running: false, jobs: 1 });
  jobs.now += 3_600_000;
  expect(build(jobs).wallSeconds).toBeCloseTo(0.137);
  const track = jobs.begin('b.c');
  expect(build(jobs)).toMatchObject({ running: true, jobs: 0 });
  // One job that takes long is no pause.
  jobs.now += 60_000;
  jobs.local('c.c');
  jobs.history.end(track);
  expect(build(jobs)).toMatchObject({ running: true, jobs: 2 });
  expect(build(jobs).wallSeconds).toBeCloseTo(60.05);
});

test('a build counts what hosts failed for, most frequent first, and why sources were preprocessed that hosts compiled', () => {
  const jobs = new PlayedJobs();
  const track = jobs.begin('a.c');
  track.failed(jobs.host(0), 'timeout while connecting to one');
  track.failed(jobs.host(1), 'cannot open "/tmp/a.c"');
  track.failed(jobs.host(1), 'cannot open "/tmp/b.c"');
  const [other, plain] = [jobs.begin('b.c'), jobs.begin('c.c')];
  for (const one of [track, other, plain]) {
    if (one !== plain) one.preprocessedBecause('"a.c" has changed');
    if (one !== other) {
      one.goesTo(jobs.host(1), 0);
      one.sent('preprocessed');
    }
    jobs.history.end(one);
  }
  expect(build(jobs)).toMatchObject({
    failures: [
      { host: 'two', why: 'cannot open "..."', count: 2 },
      { host: 'one', why: 'timeout while connecting to one', count: 1 },
    ],
    preprocessedReasons: [
      { why: '"..." has changed', jobs: 1 },
      { why: 'the host takes only preprocessed text, or had not answered a first job yet', jobs: 1 },
    ],
    hosts: [
      { name: 'two', jobs: 2, failures: 2 },
      { name: 'one', jobs: 0, failures: 1 },
    ],
  });
});

test('a build keeps the ten slowest jobs, the slowest first, without the time in which they waited', () => {
  const jobs = new PlayedJobs();
  for (const ms of [50, 900, 20, 700, 30, 40, 10, 80, 60, 70, 5, 800]) {
    const track = jobs.begin(`${ms}.c`);
    track.begin('queue');
    jobs.now += 1000 - ms;
    track.begin('local');
    jobs.now += ms;
    jobs.history.end(track);
  }
  const { slowest } = build(jobs);
  expect(slowest.map(({ file }) => file)).toEqual([900, 800, 700, 80, 70, 60, 50, 40, 30, 20].map((ms) => `${ms}.c`));
  expect(slowest[0]?.seconds).toBeCloseTo(0.9);
});

test('a build estimates what this machine alone would need by the work of all compilers', () => {
  const jobs = new PlayedJobs();
  expect(jobs.history.build()).toBeUndefined();
  for (let at = 0; at < 10; at += 1) jobs.remote('a.c');
  // One job at a time: more processors would not help. 100 ms went into each compile.
  expect(build(jobs).localSeconds).toBeCloseTo(1);
});

test('an agent keeps the ends of the last five minutes, at most two thousand', () => {
  const jobs = new PlayedJobs();
  for (let at = 0; at < 4500; at += 1) jobs.history.end(jobs.begin('a.c'));
  const ends = jobs.history.lately();
  expect([ends.length, ends[0]?.job, ends.at(-1)?.job]).toEqual([2000, 2501, 4500]);
  jobs.now += 5 * 60_000 + 1;
  expect(jobs.history.lately()).toEqual([]);
});

/** The hosts that an agent shows. */
const hostsOf = (jobs: PlayedJobs) => [...jobs.history.hosts].map(({ text, slots, done }) => [text, slots, done]);

test('an agent keeps hosts that have done or failed a job when no list has them any more', () => {
  const jobs = new PlayedJobs();
  jobs.remote('a.c', 1);
  jobs.now += 60_000;
  jobs.history.lists([]);
  expect(hostsOf(jobs)).toEqual([['two', 0, 1]]);
});

test('an agent shows the hosts of all lists that builds use side by side, and of no old one', () => {
  const jobs = new PlayedJobs();
  const { hosts } = new PlayedJobs('two/8 three/1 three/1 four,down');
  const both = [
    ['one', 2, 0],
    ['two', 8, 0],
    ['three', 2, 0],
  ];
  const first = jobs.hosts;
  for (let at = 0; at < 100; at += 1) {
    jobs.history.lists(hosts);
    // Each job of a list with --randomize has another order.
    jobs.history.lists([...first].reverse());
    jobs.now += 1000;
    expect(hostsOf(jobs)).toEqual(both);
  }
  jobs.now += 60_000;
  expect(hostsOf(jobs)).toEqual(both);
  jobs.history.lists(first);
  expect(hostsOf(jobs)).toEqual([
    ['one', 2, 0],
    ['two', 2, 0],
  ]);
});
