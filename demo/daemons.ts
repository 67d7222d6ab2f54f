import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync, readFileSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { endChild, hasEnded } from './child.ts';
import type { Cleanup } from './cleanup.ts';

/** A daemon in the foreground of ours, with its log in a file. */
export interface Daemon {
  readonly port: number;
  readonly process: ChildProcess;
  /** The end of its log. */
  readonly log: () => string;
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * The names under which clients may ask for a compiler: those of this machine, and cc's full name, which clients turn
 * cc into.
 */
function compilerNames(): string[] {
  const short = ['cc', 'c++', 'gcc', 'g++', 'clang', 'clang++'];
  const triple = execFileSync('cc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
  const dirs = (process.env['PATH'] ?? '').split(':');
  const names = [...short, `${triple}-gcc`, `${triple}-g++`];
  return names.filter((name) => dirs.some((dir) => isProgram(join(dir, name))));
}

/** Fills a directory with one link for each compiler that a daemon may run. */
export function makeMasqueradeDirectory(directory: string, target: string): void {
  mkdirSync(directory);
  for (const name of compilerNames()) symlinkSync(target, join(directory, name));
}

/** A directory that the account a daemon serves as can use: root's daemon becomes somebody else. */
export function makeSharedDirectory(directory: string): string {
  mkdirSync(directory);
  chmodSync(directory, 0o1777);
  return directory;
}

/** How to start a daemon. */
export interface DaemonCommand {
  readonly command: readonly string[];
  readonly port: number;
  /** The loopback address that it listens on, 127.0.0.1 unless told. */
  readonly host?: string;
  /** The file that its stderr, and so its log, goes to. */
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Whether a loopback port takes connections: the one sign that every daemon gives at every log level. */
async function accepts({ port, host = '127.0.0.1' }: DaemonCommand): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Starts a daemon and waits until it listens. @throws Failure with its log when it ends before */
export async function startDaemon(start: DaemonCommand, cleanup: Cleanup): Promise<Daemon> {
  const [program = '', ...words] = start.command;
  const descriptor = openSync(start.logFile, 'a');
  const child = spawn(program, words, {
    stdio: ['ignore', 'ignore', descriptor],
    env: { ...process.env, ...start.environment },
    // An interrupt at the terminal is ours to pass on, in order.
    detached: true,
  });
  closeSync(descriptor);
  cleanup.add(() => endChild(child));
  const log = (): string => readFileSync(start.logFile, 'utf8').split('\n').slice(-20).join('\n');
  for (let waited = 0; waited < 15_000 && !hasEnded(child); waited += 50) {
    if (await accepts(start)) return { port: start.port, process: child, log };
    await sleep(50);
  }
  throw new Failure(exitStatus.general, `the daemon on port ${start.port} does not listen; its log:\n${log()}`);
}
