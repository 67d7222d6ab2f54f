import { createRequire } from 'node:module';
import { posixNode } from './posix-node.ts';

/** What a started program does with its descriptors before it begins. */
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
 * The system calls that Node lacks, with the words of their manual pages. Each throws an Error when it fails, whose
 * `code` is the number of the reason as text.
 */
export interface SystemCalls {
  /** Connects a socket of AF_UNIX to a path. */
  connect(socket: number, path: Buffer): void;
  dup(descriptor: number): number;
  /** Returns only by throwing. Descriptors 0 to 2 go to the new program. */
  execve(path: string, argv: readonly string[], environment: readonly string[]): void;
  /** At most 256 bytes. */
  getsockopt(socket: number, level: number, option: number, length: number): Buffer;
  lockf(descriptor: number, command: number): void;
  /** The process id. */
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

/** An environment as NAME=value, as programs get it; variables that are not set are left out. */
export function environmentTexts(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

const modules = createRequire(__filename);
/** Beside the programs; and from where tests and tools run this. */
const places = ['./', '../bin/', '../../dist/bin/'];

/**
 * The system calls of src/system-calls, else those of posix-node. They are for Linux only: elsewhere each function is
 * absent, and whoever needs one asks for it and has another way.
 */
export const posix: Partial<SystemCalls> = process.platform === 'linux' ? load() : {};

function load(): Partial<SystemCalls> {
  // Not imports: the modules are native, stay outside the bundle, and may be missing.
  for (const place of places) {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what src/system-calls/system-calls.c says it has
      return modules(`${place}system-calls.node`) as SystemCalls;
    } catch {
      // The next place, or none.
    }
  }
  try {
    return posixNode(modules);
  } catch {
    return {};
  }
}
