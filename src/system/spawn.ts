import { spawn as spawnByNode } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { posix } from './posix.ts';

/** A program to start: in its own process group, stdin from /dev/null. */
export interface SpawnRequest {
  /** Absolute path of the program. */
  readonly path: string;
  readonly argv: readonly string[];
  /** NAME=value. */
  readonly environment: readonly string[];
  /** Absolute path of the directory it starts in. */
  readonly directory: string;
  /** Files that take its output; created, mode 0600. */
  readonly stdout: string;
  readonly stderr: string;
}

/** A started program. */
export interface Child {
  readonly pid: number;
  /** Resolves with the raw Unix wait status when the program has ended. */
  readonly ended: Promise<number>;
  /** Sends a signal to its whole process group; a group that is gone is no error. */
  signal(name: NodeJS.Signals): void;
}

/** Starts programs; a StartError, thrown or from `ended`, when one cannot be started. */
export type Spawn = (request: SpawnRequest) => Child;

const WNOHANG = 1;
/** POSIX_SPAWN_SETPGROUP, _SETSIGDEF and _SETSIGMASK of <spawn.h>, the same numbers in glibc and musl. */
const spawnFlags = 0x02 | 0x04 | 0x08;
const { O_WRONLY, O_CREAT, O_TRUNC } = { O_WRONLY: 1, O_CREAT: 0o100, O_TRUNC: 0o1000 };

/** Sends a signal to a process group that may already be gone. */
function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * The best way to start programs here. A Node process of 80 MB pays 2 ms of CPU for a fork, posix_spawn 0.15 ms; where posix-node has
 * no binary, child_process does the same more slowly.
 */
export const spawn: Spawn =
  process.platform === 'linux' && posix.posix_spawn !== undefined && posix.waitpid !== undefined
    ? spawnByPosix
    : spawnByChildProcess;

const running = new Map<number, (status: number) => void>();
let reaping = false;

/** Collects every child of ours that has ended: one SIGCHLD may stand for several of them. */
function reap(): void {
  for (const [pid, end] of running) {
    const { ret, wstatus } = posix.waitpid?.(pid, WNOHANG) ?? { ret: 0, wstatus: 0 };
    if (ret !== pid) continue;
    running.delete(pid);
    end(wstatus);
  }
}

/** A program that could not be started at all. */
export class StartError extends Error {
  /** The reason's name, such as ENOENT. */
  readonly code: string;

  constructor(path: string, error: unknown) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    // posix-node gives the reason's number, child_process its name.
    const name = Object.entries(constants.errno).find(([, value]) => value === Number(code))?.[0] ?? String(code);
    super(`${name}: cannot start "${path}"`, { cause: error });
    this.name = 'StartError';
    this.code = name;
  }
}

function spawnByPosix(request: SpawnRequest): Child {
  if (!reaping) process.on('SIGCHLD', reap);
  reaping = true;
  const home = process.cwd();
  // posix_spawn cannot change the directory; ours is only borrowed, nothing else of this process runs in between.
  process.chdir(request.directory);
  let pid: number;
  try {
    const output = O_WRONLY | O_CREAT | O_TRUNC;
    const actions = [
      ['addopen', 0, '/dev/null', 0, 0],
      ['addopen', 1, request.stdout, output, 0o600],
      ['addopen', 2, request.stderr, output, 0o600],
    ];
    const attributes = { flags: spawnFlags, sigdefault: [constants.signals.SIGPIPE], sigmask: [] };
    pid = posix.posix_spawn?.(request.path, actions, attributes, [...request.argv], [...request.environment]) ?? 0;
  } catch (error) {
    throw new StartError(request.path, error);
  } finally {
    process.chdir(home);
  }
  const ended = new Promise<number>((resolve) => {
    running.set(pid, resolve);
  });
  return { pid, ended, signal: (name) => signalGroup(pid, name) };
}

/** The wait status that child_process took apart, put together again. */
function waitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return signal === null ? (code ?? 0) << 8 : constants.signals[signal];
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

/** The way that works everywhere; a program that cannot be started reports it by the error of `ended`. */
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
    return { pid: pid ?? 0, ended, signal: (name) => pid !== undefined && signalGroup(pid, name) };
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

/** Ends a program's whole group: politely, and by force when it is still there after `graceMs`. */
export async function endGroup(child: Child, graceMs: number): Promise<void> {
  child.signal('SIGTERM');
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([child.ended.then(() => undefined).catch(() => undefined), patience]);
  clearTimeout(timer);
  // Even when the program itself is gone, members of its group may ignore SIGTERM.
  child.signal('SIGKILL');
}
