import { describe, expect, it } from 'vitest';
import { statusText, timeText } from '../../../src/agent-state/status.ts';
import { idleStatus as idle } from '../client/explain/idle-status.ts';

describe('statusText()', () => {
  it('is two lines for an agent that has had no job', () => {
    expect(statusText(idle)).toBe(
      'distcc-agent 1.0: process 4711, up 4 s, 72 MB\njobs: 0 at work, 0 waiting, 9 done\n',
    );
  });

  it('leaves out memory that is unknown', () => {
    expect(statusText({ ...idle, memoryBytes: 0 })).toContain('up 4 s\n');
  });

  it('lines up hosts and jobs, and shows both ends of a long command', () => {
    const long = ['/usr/bin/distcc', 'gcc', '-O2', ...Array<string>(20).fill('-Isomewhere'), '-c', 'a.c', '-o', 'a.o'];
    const text = statusText({
      ...idle,
      waiting: 1,
      jobs: [
        { pid: 12, directory: '/', words: ['gcc', '-c', 'b.c'], phase: 'compile', host: 'fast', seconds: 1.5 },
        {
          pid: 34567,
          directory: '/',
          words: long,
          waitsFor: 'a free slot on a host',
          phase: 'queue',
          seconds: 0,
        },
      ],
      slots: [
        { name: 'localhost', jobs: 1 },
        { name: 'preprocessors', jobs: 2 },
        { name: 'tcp_fast_3632', jobs: 3 },
      ],
      expected: [
        { name: 'tcp_fast_3632', seconds: 0.01 },
        { name: 'tcp_::1_99', seconds: null },
      ],
      hosts: [
        {
          name: 'tcp_fast_3632',
          done: 17,
          failed: 1,
          lastFailure: { why: 'the connection was closed', secondsAgo: 90 },
        },
        { name: 'tcp_old_3632', done: 1200, failed: 0 },
      ],
      resting: [{ name: 'ssh_far', why: 'no answer', seconds: 60 }],
      largestLocalJob: 5e8,
    });
    expect(text.split('\n').slice(1)).toEqual([
      'jobs: 1 at work, 1 waiting, 9 done',
      '',
      'host                                 jobs  done  failed  time of a job',
      'this machine, compilers and linkers     1',
      'this machine, preprocessors             2',
      '@far                                    0                rests 60 s more: no answer',
      '[::1]:99                                0                refused a job just now',
      'fast                                    3    17       1  less than 0.1 s, failed 90 s ago: the connection was closed',
      'old                                     0  1200       0',
      '',
      'largest recent compiler or linker of this machine: 500 MB',
      '',
      'process    for  does              command',
      '     12  1.5 s  compiles on fast  gcc -c b.c',
      '  34567    0 s  waits             gcc -O2 -Isomewhere -Iso ... -Isomewhere -Isomewhere -Isomewhere -Isomewhere -c a.c -o a.o',
      '         waits for a free slot on a host',
      '',
    ]);
  });
});

describe('statusText() of jobs that hosts have done', () => {
  it('tells how they were sent, and the most frequent reasons', () => {
    const reasons = ['a', 'b', 'c', 'd', 'e', 'f'].map((why, at) => ({ why, jobs: 10 - at }));
    const text = statusText({ ...idle, sent: { unpreprocessed: 300, results: 12, preprocessed: 45, reasons } });
    expect(text.split('\n').slice(2)).toEqual([
      'sent to hosts: 300 sources (12 got kept results), 45 preprocessed here',
      '',
      '   jobs  preprocessed here because',
      '     10  a',
      '      9  b',
      '      8  c',
      '      7  d',
      '      6  e',
      '',
    ]);
  });

  it('tells nothing before the first job, and no reason where there is none', () => {
    expect(statusText(idle)).not.toContain('sent');
    const text = statusText({ ...idle, sent: { unpreprocessed: 1, results: 0, preprocessed: 0, reasons: [] } });
    expect(text).toMatch(/sent to hosts: 1 sources, 0 preprocessed here\n$/);
  });
});

describe('timeText()', () => {
  it.each([
    [0, '0 s'],
    [0.04, 'less than 0.1 s'],
    [0.05, '0.1 s'],
    [5, '5 s'],
    [9.94, '9.9 s'],
    [9.95, '10 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7200, '2 h'],
  ])('says %d s', (seconds, text) => {
    expect(timeText(seconds)).toBe(text);
  });
});
