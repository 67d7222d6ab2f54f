import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, openSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { endChild } from './child.ts';
import type { Cleanup } from './cleanup.ts';

/** A daemon in the foreground of ours, with its log in a file. */
export interface Daemon {
  readonly port: number;
  readonly process: ChildProcess;
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

/** The names under which clients may ask for a compiler: those of this machine, and cc's full name, which clients turn cc into. */
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
  /** The file that its stderr, and so its log, goes to. */
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a daemon and waits until it says that it listens. @throws Failure with its log when it ends before */
export async function startDaemon(start: DaemonCommand, cleanup: Cleanup): Promise<Daemon> {
  const [program = '', ...words] = start.command;
  const descriptor = openSync(start.logFile, 'a');
  const child = spawn(program, words, {
    stdio: ['ignore', 'ignore', descriptor],
    env: { ...process.env, ...start.environment },
  });
  cleanup.add(() => endChild(child));
  const log = (): string => readFileSync(start.logFile, 'utf8');
  for (let waited = 0; waited < 15_000; waited += 50) {
    if (log().includes('listening on')) return { port: start.port, process: child, log };
    if (child.exitCode !== null || child.signalCode !== null) break;
    await sleep(50);
  }
  throw new Failure(exitStatus.general, `the daemon on port ${start.port} does not listen; its log:\n${log()}`);
}
