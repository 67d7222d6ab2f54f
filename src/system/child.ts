import type * as ChildProcess from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { posix } from './posix.ts';

/** A program to start with this process's directory and stderr. */
export interface ChildRequest {
  /** The file to execute. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Nothing, or this process's own. */
  readonly stdin: 'null' | 'inherited';
  /** An open descriptor, or this process's own. */
  readonly stdout: number | 'inherited';
  /** A group of its own is ended whole; a program that may ask the terminal something has to be in ours. */
  readonly group: 'own' | 'ours';
}

/** A started program. */
export interface RunningChild {
  readonly pid: number;
  /** Resolves with the raw Unix wait status when it has ended; rejects when it could not be started after all. */
  readonly ended: Promise<number>;
  /** Signals it, with its whole group when that is its own; one that is gone is no error. */
  signal(name: NodeJS.Signals): void;
}

const WNOHANG = 1;
/** POSIX_SPAWN_SETPGROUP, _SETSIGDEF and _SETSIGMASK of <spawn.h>, the same numbers in glibc and musl. */
const spawnFlags = { SETPGROUP: 0x02, SETSIGDEF: 0x04, SETSIGMASK: 0x08 };
/** What Node ignores and a program expects to end it. */
const restoredSignals = [constants.signals.SIGPIPE, constants.signals.SIGXFSZ];

function signalTo(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** An environment without the variables that are not set. */
function definedOnly(environment: ChildRequest['environment']): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) defined[name] = value;
  return defined;
}

const running = new Map<number, (status: number) => void>();
let watch: NodeJS.Timeout | undefined;

/** Collects every child of ours that has ended: one SIGCHLD may stand for several of them. */
function reap(): void {
  for (const [pid, end] of running) {
    const { ret, wstatus } = posix.waitpid?.(pid, WNOHANG) ?? { ret: 0, wstatus: 0 };
    if (ret !== pid) continue;
    running.delete(pid);
    end(wstatus);
  }
  if (running.size > 0) return;
  process.removeListener('SIGCHLD', reap);
  clearInterval(watch);
  watch = undefined;
}

/** Starts to look after children. Node does not stay alive for a signal alone, so a timer makes it wait. */
function watchChildren(): void {
  if (watch !== undefined) return;
  process.on('SIGCHLD', reap);
  watch = setInterval(reap, 1000);
}

function startByPosix(request: ChildRequest): RunningChild {
  watchChildren();
  // Node closes its own three at every exec; duplicated onto themselves they stay open.
  const actions = [
    request.stdin === 'null' ? ['addopen', 0, '/dev/null', 0, 0] : ['adddup2', 0, 0],
    ['adddup2', request.stdout === 'inherited' ? 1 : request.stdout, 1],
    ['adddup2', 2, 2],
  ];
  let pid: number;
  try {
    const flags = spawnFlags.SETSIGDEF | spawnFlags.SETSIGMASK | (request.group === 'own' ? spawnFlags.SETPGROUP : 0);
    const attributes = { flags, sigdefault: restoredSignals, sigmask: [] };
    const environment = definedOnly(request.environment);
    pid = posix.posix_spawn?.(request.path, actions, attributes, [...request.argv], environment) ?? 0;
  } catch (error) {
    reap();
    throw startError(request.path, error);
  }
  const ended = new Promise<number>((resolve) => {
    running.set(pid, resolve);
  });
  return { pid, ended, signal: (name) => signalTo(request.group === 'own' ? -pid : pid, name) };
}

/** posix-node tells only the number of an error. */
function startError(path: string, error: unknown): Error {
  const number = Number(error instanceof Error && 'code' in error ? error.code : undefined);
  const code = Object.entries(constants.errno).find(([, value]) => value === number)?.[0];
  return Object.assign(new Error(`cannot start "${path}"`, { cause: error }), { errno: -number, code });
}

/** Loaded only where it is used: that takes 6 ms, as long as all else that a client does before its compile starts. */
function nodeSpawn(): typeof ChildProcess.spawn {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own module, described by its own types
  return (createRequire(__filename)('node:child_process') as typeof ChildProcess).spawn;
}

function startByNode(request: ChildRequest): RunningChild {
  const child = nodeSpawn()(request.path, request.argv.slice(1), {
    argv0: request.argv[0] ?? request.path,
    env: request.environment,
    detached: request.group === 'own',
    stdio: [request.stdin === 'null' ? 'ignore' : 0, request.stdout === 'inherited' ? 1 : request.stdout, 2],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 0) << 8 : constants.signals[signal]));
  });
  const { pid } = child;
  if (pid === undefined) return { pid: 0, ended, signal: () => {} };
  return { pid, ended, signal: (name) => signalTo(request.group === 'own' ? -pid : pid, name) };
}

/**
 * Starts a program, cheaply where posix-node can (Node's own way forks the whole process). Throws an error with a `code` such as ENOENT
 * when it cannot be started, or lets `ended` reject with one.
 */
export function startChild(request: ChildRequest): RunningChild {
  const cheap = process.platform === 'linux' && posix.posix_spawn !== undefined && posix.waitpid !== undefined;
  return cheap ? startByPosix(request) : startByNode(request);
}

/** Ends a program's group: by the signal, and by force when the program is still there after `graceMs`. */
export async function endChild(child: RunningChild, name: NodeJS.Signals, graceMs: number): Promise<void> {
  child.signal(name);
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([child.ended.catch(() => undefined), patience]);
  clearTimeout(timer);
  // Even when the program itself is gone, members of its group may have ignored the signal.
  child.signal('SIGKILL');
}

/** Whether this process can become another program. */
export const canBecome = posix.execve !== undefined;

/**
 * Makes this process the program: it returns only by throwing, an error with a `code` such as ENOENT. A script without an interpreter
 * line is given to sh, as execvp(3) does.
 */
export function become(path: string, argv: readonly string[], environment: ChildRequest['environment']): never {
  // Signals that Node ignores would stay ignored in the new program; ones with a handler get their default back.
  const nothing = (): void => {};
  process.on('SIGPIPE', nothing);
  process.on('SIGXFSZ', nothing);
  try {
    posix.execve?.(path, [...argv], definedOnly(environment));
  } catch (error) {
    const failure = startError(path, error);
    if ('code' in failure && failure.code === 'ENOEXEC' && path !== '/bin/sh') {
      return become('/bin/sh', ['sh', path, ...argv.slice(1)], environment);
    }
    process.removeListener('SIGPIPE', nothing);
    process.removeListener('SIGXFSZ', nothing);
    throw failure;
  }
  throw new Error(`cannot become "${path}"`);
}
