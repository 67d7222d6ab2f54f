import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from '../../../../src/system/processes/child.ts';
import { endChild } from '../../../../src/system/processes/reaper.ts';
import type { RunningChild } from '../../../../src/system/processes/child.ts';
import { lives } from '../../../../src/system/processes/living-process.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'child-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a script with stdout in a file, and gives its wait status and that file's text. */
async function run(script: string, group: 'own' | 'ours' = 'own'): Promise<{ status: number; text: string }> {
  const path = join(folder, 'out');
  const stdout = openSync(path, 'w');
  try {
    const child = startChild({
      path: '/bin/sh',
      argv: ['a-shell', '-c', script],
      environment: { ...process.env, OWN: 'value', UNSET: undefined },
      stdin: 'null',
      stdout,
      group,
    });
    return { status: await child.ended, text: readFileSync(path, 'utf8') };
  } finally {
    closeSync(stdout);
  }
}

describe('startChild()', () => {
  it('gives a program its words, its environment, and nothing to read', async () => {
    const { status, text } = await run('echo "$0 $OWN ${UNSET-unset}"; cat; exit 3');
    expect([status, text]).toEqual([3 << 8, 'a-shell value unset\n']);
  });

  it('tells a death by a signal, also by one that Node itself ignores', async () => {
    expect((await run('kill -KILL $$')).status & 0x7f).toBe(9);
    expect((await run('kill -PIPE $$')).status & 0x7f).toBe(13);
  });

  it('gives it our stderr', async () => {
    // A closed stderr would make the redirection fail.
    expect((await run('echo out; : >&2')).status).toBe(0);
  });

  it.each(['own', 'ours'] as const)('puts it into its group (%s)', async (group) => {
    const { text } = await run('read -r _ _ _ _ group _ </proc/$$/stat; echo $group $$', group);
    const [pgid, pid] = text.trim().split(/\s+/);
    expect(pgid === pid).toBe(group === 'own');
  });

  it('fails with a code when there is no such program', async () => {
    const start = async (): Promise<RunningChild> => {
      const request = {
        path: '/none',
        argv: ['none'],
        environment: {},
        stdin: 'null',
        stdout: 'inherited',
        group: 'own',
      } as const;
      const child = startChild(request);
      await child.ended;
      return child;
    };
    await expect(start()).rejects.toMatchObject({ code: 'ENOENT', errno: -2 });
  });

  it('collects many that end at once', async () => {
    const children = Array.from({ length: 20 }, (_none, index) =>
      startChild({
        path: '/bin/sh',
        argv: ['sh', '-c', `exit ${index}`],
        environment: {},
        stdin: 'null',
        stdout: 'inherited',
        group: 'own',
      }),
    );
    const codes = await Promise.all(children.map(async ({ ended }) => (await ended) >> 8));
    expect(codes).toEqual(Array.from({ length: 20 }, (_none, index) => index));
  });
});

describe('endChild()', () => {
  it('ends a program and what it started, also when they ignore the signal', async () => {
    const path = join(folder, 'pids');
    const stdout = openSync(path, 'w');
    const child = startChild({
      path: '/bin/sh',
      argv: ['sh', '-c', 'trap "" TERM; sleep 1000 & echo $!; echo $$; wait'],
      environment: process.env,
      stdin: 'null',
      stdout,
      group: 'own',
    });
    while (readFileSync(path, 'utf8').split('\n').length < 3) await new Promise((next) => setTimeout(next, 10));
    const pids = readFileSync(path, 'utf8').trim().split('\n').map(Number);
    await endChild(child, 'SIGTERM', 50);
    expect((await child.ended) & 0x7f).toBe(9);
    closeSync(stdout);
    while (pids.some(lives)) await new Promise((next) => setTimeout(next, 10));
  });
});
