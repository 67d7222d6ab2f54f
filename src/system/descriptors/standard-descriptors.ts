import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { posix } from '../posix.ts';

/** What stdin is, as far as it decides how a server is started. */
export type StdinKind = 'socket' | 'terminal' | 'other';

/** Asks the operating system what stdin is. */
export function kindOfStdin(isTerminal: boolean): StdinKind {
  if (statusOf(0)?.isSocket() === true) return 'socket';
  return isTerminal ? 'terminal' : 'other';
}

/** The connection that whoever started this process left on stdin and stdout. */
export interface StandardConnection {
  readonly input: number;
  /** The same as `input` when both directions are one socket. */
  readonly output: number;
  /** Whether stderr was the connection too, so that nothing can be said there. */
  readonly stderrLost: boolean;
}

function statusOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

const isSame = (one: Stats | undefined, other: Stats | undefined): boolean =>
  one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;

/** Node has no dup2, but open(2) takes the lowest free number: stdin and whatever else is below stay open. */
function discard(descriptor: number): void {
  closeSync(descriptor);
  openSync('/dev/null', 'r+');
}

/**
 * Another descriptor for stdout, kept from programs that we start; stdout itself where this system has no way to it.
 */
function moveStdout(): number {
  try {
    const moved = posix.dup?.(1) ?? openSync('/dev/fd/1', 'w');
    posix.set_inheritable?.(moved, false);
    discard(1);
    return moved;
  } catch {
    return 1;
  }
}

/**
 * Takes the connection off stdout and, where it is there too, stderr: inetd gives all three the same socket, and a
 * warning of Node's would go to the client in the middle of the protocol. A stderr of its own, such as ssh's, stays.
 */
export function takeStandardConnection(): StandardConnection {
  const [stdin, stdout, stderr] = [statusOf(0), statusOf(1), statusOf(2)];
  const stderrLost = isSame(stderr, stdin) || isSame(stderr, stdout);
  if (stderrLost) discard(2);
  if (!isSame(stdin, stdout)) return { input: 0, output: moveStdout(), stderrLost };
  discard(1);
  return { input: 0, output: 0, stderrLost };
}
