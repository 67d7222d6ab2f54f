import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentStatus } from '../../../../src/agent-state/status.ts';
import { explain } from '../../../../src/client/explain/explain.ts';
import { tryLock } from '../../../../src/system/files/file-lock.ts';
import { idleStatus as idle } from './idle-status.ts';

describe('explain()', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'test-explain-'));
    writeFileSync(join(folder, 'a.c'), '');
    // No file that it may read can be found with this compiler, which does not matter here.
    writeFileSync(join(folder, 'gcc'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function told(hosts: string, status?: AgentStatus, words = ['gcc', '-c', 'a.c']): Promise<string[]> {
    const environment = { DISTCC_HOSTS: hosts, DISTCC_DIR: folder, PATH: folder, DISTCC_NO_REWRITE_CROSS: '1' };
    const text = await explain({ argv0: 'distcc', words, environment, directory: folder }, status);
    return text.trim().split('\n');
  }

  it('tells reason and cure of a command that stays here, and what it would wait for', async () => {
    const words = ['gcc', '-c', 'a.c', '-march=native'];
    expect(await told('a', { ...idle, lacks: 'memory' }, words)).toEqual([
      'runs on this machine: "-march=native" means another processor on another machine',
      'to have it distributed: name the processor in place of "native": "gcc -march=native -Q --help=target" shows the name',
      'would wait now for memory',
    ]);
    expect((await told('a', idle, ['gcc', '-c', 'a.c', '-o', 'none/a.o']))[1]).toMatch(/name an output in a directory/);
  });

  it('shows the hosts in order with what the agent knows of them', async () => {
    const status = {
      ...idle,
      slots: [
        { name: 'tcp_full_3632', jobs: 4 },
        { name: 'tcp_twice_3632', jobs: 3 },
      ],
      expected: [
        { name: 'tcp_slow_3632', seconds: 9 },
        { name: 'tcp_fast_3632', seconds: 1 },
        { name: 'tcp_strict_3632', seconds: null },
      ],
      resting: [{ name: 'tcp_gone_3632', why: 'no route', seconds: 42 }],
      hosts: [
        { name: 'tcp_gone_3632', done: 0, failed: 1, lastFailure: { why: 'no route', secondsAgo: 18 } },
        { name: 'tcp_fast_3632', done: 4, failed: 1, lastFailure: { why: 'its gcc said: no room', secondsAgo: 90 } },
      ],
    };
    expect((await told('full gone off,down strict slow/2 fast/2 twice/2 twice/2', status)).slice(2)).toEqual([
      'hosts, in the order of preference, by the agent, process 4711:',
      '  1. full: 4 of 4 slots taken',
      '  2. gone: rests 42 s more, because it failed: no route',
      '  3. off,down: marked down: remove ",down" to use it',
      '  4. strict: 0 of 4 slots taken, passed over while others have some: it has just refused a job',
      '  5. slow/2: 0 of 2 slots taken, a job would take about 9 s: runs slow, passed over while others have slots',
      '  6. fast/2: 0 of 2 slots taken, a job would take about 1 s; failed 90 s ago: its gcc said: no room',
      '  7. twice/2: 2 of 2 slots taken',
      '  8. twice/2: 1 of 2 slots taken',
      'would go to fast/2 now',
    ]);
  });

  it('reads lock and back-off files where there is no agent, and makes none', async () => {
    mkdirSync(join(folder, 'lock'));
    writeFileSync(join(folder, 'lock/backoff_tcp_gone_3632_0'), 'x');
    const lock = tryLock(join(folder, 'lock/cpu_tcp_busy_3632_1'));
    const lines = await told('gone busy/2');
    lock?.release();
    expect(lines.slice(2)).toEqual([
      'hosts, in the order of preference, by the lock files, since no agent is running:',
      expect.stringMatching(/^ {2}1\. gone: rests \d+ s more, because it failed$/),
      '  2. busy/2: 1 of 2 slots taken',
      'would go to busy/2 now',
    ]);
  });

  it('tells how the source would be sent', async () => {
    writeFileSync(join(folder, 'a.c'), '#include "own.h"\n');
    writeFileSync(join(folder, 'own.h'), '');
    writeFileSync(join(folder, 'date.c'), 'char date[] = __DATE__;\n');
    const how = async (...words: string[]): Promise<string | undefined> => {
      const environment = { DISTCC_HOSTS: 'far', DISTCC_DIR: folder, PATH: process.env['PATH'] };
      const call = { argv0: 'distcc', words: ['gcc', ...words], environment, directory: folder };
      return (await explain(call, undefined)).split('\n')[1];
    };
    expect(await how('-c', 'a.c')).toMatch(
      /^hosts that take sources get "a\.c" and \d files that it may include; for others it is preprocessed here$/,
    );
    expect(await how('-c', 'date.c')).toMatch(/^"date\.c" is preprocessed here: .*__DATE__/);
  });

  it('tells of a command that fails everywhere', async () => {
    expect(await told('a', idle, ['gcc', '-c', 'none.c'])).toEqual([
      'fails here and on every host: cannot read "none.c": No such file or directory',
    ]);
    expect(await told('a', idle, ['icc', '-c', 'a.c'])).toEqual([
      'fails here and on every host: there is no compiler "icc" in PATH: install it, or mend the name',
    ]);
  });

  it.each([
    ['', 'list hosts in DISTCC_HOSTS or a hosts file'],
    ['a,down', 'list hosts that are not marked down and get jobs'],
    ['a::', 'mend the list: '],
    ['localhost/2 a', 'move or remove "localhost"'],
  ])('tells what would have to change when the list is %j', async (hosts, cure) => {
    const last = (await told(hosts, idle)).at(-1);
    expect(last).toContain('to have it distributed: ');
    expect(last).toContain(cure);
  });

  it('says that a job would wait', async () => {
    const status = { ...idle, slots: [{ name: 'tcp_a_3632', jobs: 1 }] };
    expect((await told('a/1', status)).at(-1)).toMatch(/^would wait now/);
  });
});
