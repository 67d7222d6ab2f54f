import { spawn as spawnByNode } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { posix } from '../posix.ts';
import type { SpawnAction } from '../posix.ts';
import { canSpawnCheaply, childEnd, restoredSignals, signalTo, spawnFlags, StartError, waitStatus } from './reaper.ts';

/** A program to start: in its own process group, stdin from /dev/null. */
export interface SpawnRequest {
  /** Absolute path of the program. */
  readonly path: string;
  readonly argv: readonly string[];
  /** NAME=value. */
  readonly environment: readonly string[];
  /** Its working directory, absolute. */
  readonly directory: string;
  /** Files for its output; they are created with mode 0600. */
  readonly stdout: string;
  readonly stderr: string;
}

/** A started program. */
export interface Child {
  readonly pid: number;
  /** Resolves with the raw Unix wait status when the program has ended. */
  readonly ended: Promise<number>;
  /** Whether all that the program has started ends with it, and nobody else gets at its folder: see the fence. */
  readonly endsWhole?: boolean;
  /** Sends a signal to its whole process group. It is not an error when that has ended. */
  signal(name: NodeJS.Signals): void;
}

/** Starts a program. When that fails it throws a StartError, or `ended` rejects with one. */
export type Spawn = (request: SpawnRequest) => Child;

const flags = spawnFlags.SETPGROUP | spawnFlags.SETSIGDEF | spawnFlags.SETSIGMASK;
const outputFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;

/**
 * The cheapest way to start programs here. In a Node process of 80 MB a fork costs 2 ms of CPU, posix_spawn 0.15 ms.
 * Where that is missing child_process is used.
 */
export const spawn: Spawn = canSpawnCheaply ? spawnByPosix : spawnByChildProcess;

function spawnByPosix(request: SpawnRequest): Child {
  const home = process.cwd();
  // posix_spawn cannot set the directory, so this process changes its own for a moment, in which nothing else runs.
  process.chdir(request.directory);
  let pid: number;
  try {
    const actions: readonly SpawnAction[] = [
      ['addopen', 0, '/dev/null', 0, 0],
      ['addopen', 1, request.stdout, outputFlags, 0o600],
      ['addopen', 2, request.stderr, outputFlags, 0o600],
    ];
    const attributes = { flags, sigdefault: restoredSignals, sigmask: [] };
    pid = posix.posix_spawn?.(request.path, actions, attributes, request.argv, request.environment) ?? 0;
  } catch (error) {
    throw new StartError(request.path, error);
  } finally {
    process.chdir(home);
  }
  return { pid, ended: childEnd(pid), signal: (name) => signalTo(-pid, name) };
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

/** Starts a program by child_process, which works everywhere. When that fails `ended` rejects. */
export function spawnByChildProcess(request: SpawnRequest): Child {
  const stdout = openSync(request.stdout, 'w', 0o600);
  const stderr = openSync(request.stderr, 'w', 0o600);
  try {
    const child = spawnByNode(request.path, request.argv.slice(1), {
      argv0: request.argv[0] ?? request.path,
      cwd: request.directory,
      env: Object.fromEntries(request.environment.map((entry) => splitEntry(entry))),
      detached: true,
      stdio: ['ignore', stdout, stderr],
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(new StartError(request.path, error)));
      child.once('exit', (code, signal) => resolve(waitStatus(code, signal)));
    });
    const { pid } = child;
    return { pid: pid ?? 0, ended, signal: (name) => pid !== undefined && signalTo(-pid, name) };
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}
