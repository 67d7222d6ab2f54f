import { constants } from 'node:os';
import { posix } from '../posix.ts';

/** Whether programs can be started, and waited for, without forking this process. */
export const canSpawnCheaply =
  process.platform === 'linux' && posix.posix_spawn !== undefined && posix.waitpid !== undefined;

/** POSIX_SPAWN_SETPGROUP, _SETSIGDEF and _SETSIGMASK of <spawn.h>, the same numbers in glibc and musl. */
export const spawnFlags = { SETPGROUP: 0x02, SETSIGDEF: 0x04, SETSIGMASK: 0x08 };

/** Signals that Node ignores and that a program expects to end it. */
export const restoredSignals: readonly number[] = [constants.signals.SIGPIPE, constants.signals.SIGXFSZ];

/** A program that could not be started. */
export class StartError extends Error {
  /** The reason's name, such as ENOENT. */
  readonly code: string;
  /** The reason's number as Node gives it, below zero. */
  readonly errno: number;

  constructor(path: string, error: unknown) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    // posix_spawn gives the reason's number, child_process its name.
    const found = Object.entries(constants.errno).find(([name, value]) => value === Number(code) || name === code);
    const [name, number] = found ?? [String(code), 0];
    super(`${name}: cannot start "${path}"`, { cause: error });
    this.name = 'StartError';
    this.code = name;
    this.errno = -number;
  }
}

const WNOHANG = 1;
const running = new Map<number, (status: number) => void>();
let watch: NodeJS.Timeout | undefined;

/** Waits for every child that has ended: one SIGCHLD may stand for several. */
function reap(): void {
  for (const [pid, end] of running) {
    const { ret, wstatus } = posix.waitpid?.(pid, WNOHANG) ?? { ret: 0, wstatus: 0 };
    if (ret !== pid) continue;
    running.delete(pid);
    end(wstatus);
  }
  // The handler stays for later children; only the timer must not keep Node alive.
  if (running.size === 0) watch?.unref();
}

/** Resolves with the raw wait status of a child that posix_spawn started. */
export function childEnd(pid: number): Promise<number> {
  if (watch === undefined) process.on('SIGCHLD', reap);
  // Node does not stay alive for a signal alone.
  watch = (watch ?? setInterval(reap, 1000)).ref();
  return new Promise((resolve) => {
    running.set(pid, resolve);
  });
}

/** Rebuilds the wait status from the parts that child_process gives. */
export function waitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return signal === null ? (code ?? 0) << 8 : constants.signals[signal];
}

/** Signals a process, or a whole group by its negative number. It is not an error when it has ended. */
export function signalTo(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The part of a child that is needed to end it. */
export interface Endable {
  readonly ended: Promise<number>;
  signal(name: NodeJS.Signals): void;
}

/** Ends a program's process group: by the signal, and by SIGKILL after `graceMs`. */
export async function endChild(child: Endable, name: NodeJS.Signals, graceMs: number): Promise<void> {
  child.signal(name);
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([child.ended.catch(() => undefined), patience]);
  clearTimeout(timer);
  // The program may have ended while others of its group have ignored the signal.
  child.signal('SIGKILL');
}
