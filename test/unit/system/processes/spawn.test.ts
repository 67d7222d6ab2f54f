import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endChild } from '../../../../src/system/processes/reaper.ts';
import { spawn, spawnByChildProcess } from '../../../../src/system/processes/spawn.ts';
import type { Spawn } from '../../../../src/system/processes/spawn.ts';
import { lives } from '../../../../src/system/processes/living-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spawn-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe.each<[string, Spawn]>([
  ['spawn()', spawn],
  ['spawnByChildProcess()', spawnByChildProcess],
])('%s', (_name, start) => {
  const shell = (script: string, environment: string[] = []) =>
    start({
      path: '/bin/sh',
      argv: ['renamed', '-c', script],
      environment: ['PATH=/usr/bin:/bin', ...environment],
      directory: folder,
      stdout: join(folder, 'out'),
      stderr: join(folder, 'err'),
    });

  it('runs a program with its own directory, environment, name and output files', async () => {
    const before = process.cwd();
    const child = shell('pwd; echo "$0 $MORE"; env | grep -c HOME; echo bad >&2', ['MORE=and more']);
    expect(process.cwd()).toBe(before);
    expect(await child.ended).toBe(0);
    expect(text('out')).toBe(`${folder}\nrenamed and more\n0\n`);
    expect(text('err')).toBe('bad\n');
  });

  it('gives the wait status of an exit and of a signal', async () => {
    expect(await shell('exit 7').ended).toBe(7 << 8);
    expect((await shell('kill -SEGV $$').ended) & 0x7f).toBe(11);
  });

  it('gives an empty stdin, the default SIGPIPE, and none of our files', async () => {
    const secret = openSync(join(folder, 'secret'), 'w');
    await shell('wc -c; grep SigIgn /proc/self/status; ls -l /proc/self/fd >list').ended;
    closeSync(secret);
    const [stdin, ignored = ''] = text('out').trim().split('\n');
    expect(stdin).toBe('0');
    // SIGPIPE is signal 13: bit 12.
    expect((BigInt(`0x${ignored.split('\t')[1] ?? '0'}`) >> 12n) & 1n).toBe(0n);
    expect(text('list')).toContain('0 -> /dev/null');
    expect(text('list')).not.toContain('secret');
  });

  it('makes a process group of its own, which is ended whole', async () => {
    const child = shell('trap "" TERM; (trap "" TERM; sleep 60 & echo $!; wait) & echo $!; while :; do sleep 1; done');
    while (text('out').trim().split('\n').length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const pids = text('out').trim().split('\n').map(Number);
    expect(pids.every(lives)).toBe(true);
    await endChild(child, 'SIGTERM', 50);
    expect((await child.ended) & 0x7f).toBe(9);
    while (pids.some(lives)) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('names the program that cannot be started', async () => {
    const missing = async (): Promise<number> =>
      start({
        path: '/nowhere/cc',
        argv: ['cc'],
        environment: [],
        directory: folder,
        stdout: join(folder, 'out'),
        stderr: join(folder, 'err'),
      }).ended;
    await expect(missing()).rejects.toMatchObject({
      name: 'StartError',
      code: 'ENOENT',
      message: 'ENOENT: cannot start "/nowhere/cc"',
    });
  });

  it('loses none of many at a time', async () => {
    const statuses = await Promise.all(Array.from({ length: 100 }, (_, at) => shell(`exit ${at}`).ended));
    expect(statuses).toEqual(Array.from({ length: 100 }, (_, at) => at << 8));
  });
});
