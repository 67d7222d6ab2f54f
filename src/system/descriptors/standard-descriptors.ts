import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { posix } from '../posix.ts';

/** The kind of stdin, which decides how a server is started. */
export type StdinKind = 'socket' | 'terminal' | 'other';

/** Asks the operating system what stdin is. */
export function kindOfStdin(isTerminal: boolean): StdinKind {
  if (statusOf(0)?.isSocket() === true) return 'socket';
  return isTerminal ? 'terminal' : 'other';
}

/** The connection on stdin and stdout that the starter of this process left there. */
export interface StandardConnection {
  readonly input: number;
  /** The same as `input` when both directions are one socket. */
  readonly output: number;
  /** Whether stderr was the connection too, so that nothing can be written there. */
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

/**
 * Replaces a descriptor by /dev/null. Node has no dup2, but open(2) takes the lowest free number, and all lower ones
 * are open.
 */
function discard(descriptor: number): void {
  closeSync(descriptor);
  openSync('/dev/null', 'r+');
}

/** A duplicate of stdout that started programs do not inherit; stdout itself where this system cannot make one. */
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
 * Moves the connection away from stdout and, if it is there too, from stderr: inetd passes one socket as all three, and
 * a warning of Node would reach the client in the middle of the protocol. A separate stderr, such as ssh's, stays.
 */
export function takeStandardConnection(): StandardConnection {
  const [stdin, stdout, stderr] = [statusOf(0), statusOf(1), statusOf(2)];
  const stderrLost = isSame(stderr, stdin) || isSame(stderr, stdout);
  if (stderrLost) discard(2);
  if (!isSame(stdin, stdout)) return { input: 0, output: moveStdout(), stderrLost };
  discard(1);
  return { input: 0, output: 0, stderrLost };
}
