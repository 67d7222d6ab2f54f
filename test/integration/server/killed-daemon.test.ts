import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../src/wire/request.ts';
import { startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { pidsOf } from '../../support/running.ts';
import { connectTo } from '../../support/wire-client.ts';

// A number of seconds that no other sleep has.
const time = `9${process.pid}.${Math.floor(Math.random() * 1e9)}`;
const sleepers = (): number[] => pidsOf('sleep', time);

let programs: string;
let daemon: TestDaemon;
beforeAll(() => {
  programs = mkdtempSync(join(tmpdir(), 'programs-'));
  chmodSync(programs, 0o755);
  writeFileSync(join(programs, 'fakecc'), `#!/bin/sh\nsleep ${time} & sleep ${time}\n`, { mode: 0o755 });
});
afterAll(() => rmSync(programs, { recursive: true }));
afterEach(async () => {
  for (const pid of sleepers()) process.kill(pid, 'SIGKILL');
  await daemon.end('SIGKILL');
});

const start = async (fence: string): Promise<void> => {
  const options = ['--allow', '127.0.0.1', '--fence', fence];
  daemon = await startDaemon({ options, compilers: ['fakecc'], path: programs });
};

/** Sends a job, and waits until so many compilers run. */
async function compile(running: number): Promise<Socket> {
  const { socket } = await connectTo(daemon.port);
  const argv = ['fakecc', '-c', 'a.c', '-o', 'a.o'];
  for (const chunk of encodeRequest({ version: 1, argv, source: Buffer.from('int x;\n') })) socket.write(chunk);
  await until(() => sleepers().length === 2 * running, `${running} compilers run`);
  return socket;
}

async function killDaemon(): Promise<void> {
  daemon.process.kill('SIGKILL');
  await once(daemon.process, 'exit');
  await until(() => sleepers().length === 0, 'nothing is left');
}

/** The shells that the daemon has started. */
const guards = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /\nPPid:\t(\d+)\n/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return Number(parent) === daemon.process.pid && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sh\n';
      } catch {
        return false;
      }
    })
    .map(Number);

describe('a daemon that is killed', () => {
  it.each(['auto', 'none'])('takes its compilers with it, with --fence %s', async (fence) => {
    await start(fence);
    const first = await compile(1);
    await compile(2);
    first.destroy();
    await until(() => sleepers().length === 2, 'that of the client that went away has ended');
    await killDaemon();
    expect(sleepers()).toEqual([]);
  });

  it('does so also after its shell was killed', async () => {
    await start('none');
    await compile(1);
    const shells = guards().filter((pid) => !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fakecc'));
    expect(shells).toHaveLength(1);
    for (const pid of shells) process.kill(pid, 'SIGKILL');
    await until(() => !guards().some((pid) => shells.includes(pid)), 'the shell is gone');
    await compile(2);
    await killDaemon();
    expect(sleepers()).toEqual([]);
  });
});
