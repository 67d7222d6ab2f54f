import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../scripts/free-port.mjs';

/** Debian's distccd, where its package puts it. */
export const stockDaemonProgram = '/usr/bin/distccd';

/** A distccd 3.4 on a loopback port. */
export interface StockDaemon {
  readonly port: number;
  readonly log: () => string;
  readonly end: () => Promise<void>;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess, top: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(top, { recursive: true, force: true });
}

/**
 * Starts the stock daemon with folders of its own; unless it is told otherwise everybody on this machine may use every
 * compiler. `path` is a directory in front of its PATH.
 */
export async function startStockDaemon(
  path = '/usr/local/bin',
  { allow = '127.0.0.1', everything = true } = {},
): Promise<StockDaemon> {
  const top = mkdtempSync(join(tmpdir(), 'test-stock-'));
  const temporary = join(top, 'tmp');
  mkdirSync(temporary);
  // Started by root it serves as another account, which has to get at its folder and its log.
  chmodSync(top, 0o777);
  chmodSync(temporary, 0o777);
  const port = await freePort();
  const log = join(top, 'log');
  const words = ['--daemon', '--no-detach', '--log-file', log, '--log-level', 'debug'];
  words.push('--listen', '127.0.0.1', '--port', String(port), '--allow', allow);
  if (everything) words.push('--enable-tcp-insecure');
  const env = { ...process.env, TMPDIR: temporary, PATH: `${path}:/usr/bin:/bin` };
  const child = spawn(stockDaemonProgram, words, { stdio: 'ignore', env });
  for (let waited = 0; !(await listens(port)); waited += 20) {
    if (child.exitCode !== null || waited > 20_000) throw new Error(`the stock distccd does not listen on ${port}`);
    await new Promise((next) => setTimeout(next, 20));
  }
  return { port, log: () => readFileSync(log, 'utf8'), end: () => stop(child, top) };
}
