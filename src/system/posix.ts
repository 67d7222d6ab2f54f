import { createRequire } from 'node:module';
import { posixNode } from './posix-node.ts';

/** A change to the descriptors of a new program before it begins. */
export type SpawnAction =
  | readonly ['addopen', descriptor: number, path: string, flags: number, mode: number]
  | readonly ['adddup2', from: number, to: number];

/** `flags` of <spawn.h>, and the signals that get their default back or are blocked. */
export interface SpawnAttributes {
  readonly flags: number;
  readonly sigdefault: readonly number[];
  readonly sigmask: readonly number[];
}

/**
 * The system calls that Node lacks, with the names of their manual pages. On failure each throws an Error whose `code`
 * is the errno as text.
 */
export interface SystemCalls {
  /** Connects a socket of AF_UNIX to a path. */
  connect(socket: number, path: Buffer): void;
  dup(descriptor: number): number;
  /** Returns only by throwing. The new program inherits descriptors 0 to 2. */
  execve(path: string, argv: readonly string[], environment: readonly string[]): void;
  /** `length` is at most 256 bytes. */
  getsockopt(socket: number, level: number, option: number, length: number): Buffer;
  lockf(descriptor: number, command: number): void;
  /** Returns the process id. */
  posix_spawn(
    path: string,
    actions: readonly SpawnAction[],
    attributes: SpawnAttributes,
    argv: readonly string[],
    environment: readonly string[],
  ): number;
  send(socket: number, bytes: Buffer, flags: number): number;
  set_inheritable(descriptor: number, inheritable: boolean): void;
  setresgid(real: number, effective: number, saved: number): void;
  setresuid(real: number, effective: number, saved: number): void;
  setsockopt(socket: number, level: number, option: number, value: Buffer): void;
  socket(family: number, type: number, protocol: number): number;
  waitpid(pid: number, options: number): { readonly ret: number; readonly wstatus: number };
}

/** An environment as a list of NAME=value, without undefined variables. */
export function environmentTexts(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

const modules = createRequire(__filename);
/** Where the module is, seen from the programs, and from this file when tests and tools run it. */
const places = ['./', '../bin/', '../../dist/bin/'];

/**
 * The system calls of src/system-calls, else those of posix-node. Only on Linux: elsewhere every function is absent,
 * and callers check for that and have another way.
 */
export const posix: Partial<SystemCalls> = process.platform === 'linux' ? load() : {};

function load(): Partial<SystemCalls> {
  // Not imports, because native modules stay outside of the bundle and may be missing.
  for (const place of places) {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what src/system-calls/system-calls.c says it has
      return modules(`${place}system-calls.node`) as SystemCalls;
    } catch {
      // Try the next place.
    }
  }
  try {
    return posixNode(modules);
  } catch {
    return {};
  }
}
