import type * as ChildProcess from 'node:child_process';
import { createRequire } from 'node:module';
import { environmentTexts, posix } from '../posix.ts';
import type { SpawnAction } from '../posix.ts';
import { canSpawnCheaply, childEnd, restoredSignals, signalTo, spawnFlags, StartError, waitStatus } from './reaper.ts';

/** A program to start with this process's directory and stderr. */
export interface ChildRequest {
  /** The file to execute. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** /dev/null, or this process's stdin. */
  readonly stdin: 'null' | 'inherited';
  /** An open descriptor, or this process's stdout. */
  readonly stdout: number | 'inherited';
  /** A process group of its own can be killed whole; a program that may read from the terminal must stay in ours. */
  readonly group: 'own' | 'ours';
}

/** A started program. */
export interface RunningChild {
  readonly pid: number;
  /** Resolves with the raw Unix wait status; rejects when the program could not be started after all. */
  readonly ended: Promise<number>;
  /** Signals it, or its whole process group when it has its own. It is not an error when it has ended. */
  signal(name: NodeJS.Signals): void;
}

function startByPosix(request: ChildRequest): RunningChild {
  // Node marks its own descriptors 0 to 2 close-on-exec; duplicating them onto themselves clears that.
  const actions: readonly SpawnAction[] = [
    request.stdin === 'null' ? ['addopen', 0, '/dev/null', 0, 0] : ['adddup2', 0, 0],
    ['adddup2', request.stdout === 'inherited' ? 1 : request.stdout, 1],
    ['adddup2', 2, 2],
  ];
  let pid: number;
  try {
    const flags = spawnFlags.SETSIGDEF | spawnFlags.SETSIGMASK | (request.group === 'own' ? spawnFlags.SETPGROUP : 0);
    const attributes = { flags, sigdefault: restoredSignals, sigmask: [] };
    const environment = environmentTexts(request.environment);
    pid = posix.posix_spawn?.(request.path, actions, attributes, request.argv, environment) ?? 0;
  } catch (error) {
    throw new StartError(request.path, error);
  }
  return { pid, ended: childEnd(pid), signal: (name) => signalTo(request.group === 'own' ? -pid : pid, name) };
}

/** Loaded only when used, because loading takes 6 ms. */
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
    child.once('exit', (code, signal) => resolve(waitStatus(code, signal)));
  });
  const { pid } = child;
  if (pid === undefined) return { pid: 0, ended, signal: () => {} };
  return { pid, ended, signal: (name) => signalTo(request.group === 'own' ? -pid : pid, name) };
}

/**
 * Starts a program, by posix_spawn where possible, since Node's spawn forks the whole process. When that fails it
 * throws an error with a `code` such as ENOENT, or `ended` rejects with one.
 */
export function startChild(request: ChildRequest): RunningChild {
  return canSpawnCheaply ? startByPosix(request) : startByNode(request);
}

/** Whether this process can become another program. */
export const canBecome = posix.execve !== undefined;

/**
 * Makes this process become the program (exec). It returns only by throwing, an error with a `code` such as ENOENT. A
 * script without an interpreter line is run by sh, as in execvp(3).
 */
export function become(path: string, argv: readonly string[], environment: ChildRequest['environment']): never {
  // Signals that Node ignores would stay ignored in the new program. Those with a handler are reset to the default.
  const nothing = (): void => {};
  process.on('SIGPIPE', nothing);
  process.on('SIGXFSZ', nothing);
  try {
    posix.execve?.(path, argv, environmentTexts(environment));
  } catch (error) {
    const failure = new StartError(path, error);
    if (failure.code === 'ENOEXEC' && path !== '/bin/sh') {
      return become('/bin/sh', ['sh', path, ...argv.slice(1)], environment);
    }
    process.removeListener('SIGPIPE', nothing);
    process.removeListener('SIGXFSZ', nothing);
    throw failure;
  }
  throw new Error(`cannot become "${path}"`);
}
