import { expect, test } from 'vitest';
import { PlayedJobs } from './played-jobs.ts';

const clock = (ms: number): number => ms;

const phasesOf = (jobs: PlayedJobs): (string | number)[][] => {
  const [end] = jobs.history.lately();
  return (end?.phases ?? []).map(({ phase, at, host }) => [
    phase,
    Math.round(at - (end?.began ?? 0)),
    ...(host === undefined ? [] : [host]),
  ]);
};

test('JobTrack has each phase with its begin, also those that the launcher tells afterwards', () => {
  const jobs = new PlayedJobs();
  jobs.remote('a.c', 1, 1);
  expect(phasesOf(jobs)).toEqual([
    ['queue', 0],
    ['scan', 10],
    ['connect', 30],
    ['send', 31],
    ['compile', 32],
    ['receive', 132],
  ]);
  expect(jobs.history.lately()[0]).toMatchObject({
    job: 1,
    file: 'a.c',
    host: 'two',
    slot: 1,
    status: 0,
    sent: 'unpreprocessed',
    bytesOut: 2000,
    bytesIn: 700,
  });
});

test('JobTrack passes over marks of a connection that was made while the source was preprocessed', () => {
  const jobs = new PlayedJobs();
  const track = jobs.begin('a.c');
  track.begin('preprocess');
  track.goesTo(jobs.host(0), 0);
  jobs.now += 50;
  track.reached('connected', 0);
  jobs.now += 50;
  track.begin('connect');
  jobs.now += 30;
  track.reached('connected', 80);
  track.reached('sent', 29);
  track.reached('answered', Infinity);
  jobs.history.end(track);
  // The connection was made before it was needed: no time went into it.
  expect(phasesOf(jobs)).toEqual([
    ['preprocess', 0],
    ['send', 100],
    ['compile', 101],
  ]);
});

test('JobTrack names the host of an attempt that failed, and of the one that worked', () => {
  const jobs = new PlayedJobs();
  const track = jobs.begin('a.c');
  track.goesTo(jobs.host(0), 1);
  jobs.now += 1;
  track.begin('connect');
  jobs.now += 4000;
  track.failed(jobs.host(0), 'timeout while connecting to one');
  track.goesTo(jobs.host(1), 0);
  track.begin('connect');
  jobs.now += 1;
  track.reached('connected', 0);
  jobs.history.end(track);
  expect(phasesOf(jobs)).toEqual([
    ['queue', 0],
    ['connect', 1, 'one'],
    ['connect', 4001],
    ['send', 4002],
  ]);
  expect([...jobs.history.hosts].map(({ text, done, failed }) => [text, done, failed])).toEqual([
    ['one', 0, 1],
    ['two', 1, 0],
  ]);
});

test('JobTrack tells followers what it does, and what it waits for', () => {
  const jobs = new PlayedJobs();
  const track = jobs.begin('\u00C3\u00A4.c');
  expect(track.running(clock, 'a free slot on a host')).toEqual({
    job: 1,
    pid: 4711,
    directory: '/home/me',
    file: 'ä.c',
    began: 1000,
    phase: 'queue',
    since: 1000,
    why: 'a free slot on a host',
  });
  jobs.now += 10;
  track.goesTo(jobs.host(1), 1);
  track.begin('connect');
  expect(track.running(clock, undefined)).toMatchObject({ phase: 'connect', since: 1010, host: 'two', slot: 1 });
  track.staysHere({ because: 'it is gone', cure: 'look' });
  track.begin('local');
  const here = track.running(clock, undefined);
  expect([here.phase, here.host, here.why]).toEqual(['local', undefined, 'it is gone']);
});

test('JobTrack has a name for a job without a single source', () => {
  const track = new PlayedJobs().begin('program.o');
  track.concerns('');
  expect(track.running(clock, undefined).file).toBe('program.o');
});

test('JobTrack bounds the names and the number of phases', () => {
  const jobs = new PlayedJobs();
  const track = jobs.begin('x'.repeat(5000));
  for (let at = 0; at < 300; at += 1) {
    jobs.now += 1;
    track.goesTo(jobs.host(at % 2), 0);
    track.begin('connect');
  }
  expect(track.running(clock, undefined).file).toBe(`...${'x'.repeat(197)}`);
  expect(track.phases).toHaveLength(100);
});
