import { closeSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { constants, uptime } from 'node:os';
import { lives } from '../processes/living-process.ts';
import { openOrCreate, requireHarmless } from './open-own-file.ts';
import { posix } from '../posix.ts';

/** A held lock; it ends with the process, however the process ends. */
export interface FileLock {
  readonly release: () => void;
}

const F_TLOCK = 2;
const takenCodes = new Set([constants.errno.EAGAIN, constants.errno.EACCES]);

/**
 * The files that this process holds. A process does not exclude itself, and closing such a file anywhere would end its
 * lock.
 */
const held = new Set<string>();

/**
 * Takes the exclusive lock of a file, which is made when it is missing, without waiting; undefined when somebody has
 * it. The lock is fcntl's on the whole file, as distcc takes it. Throws when the file cannot be opened or locked, or is
 * not a regular file.
 */
export function tryLock(path: string): FileLock | undefined {
  return posix.lockf === undefined ? tryClaim(path) : tryFcntl(path);
}

/** Claims the file in this process's name, and opens it. */
function openUnheld(path: string): number | undefined {
  return held.has(path) ? undefined : openOrCreate(path);
}

/** A second release must not take away the lock of whoever came next. */
function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

function tryFcntl(path: string): FileLock | undefined {
  const descriptor = openUnheld(path);
  if (descriptor === undefined) return undefined;
  try {
    posix.lockf?.(descriptor, F_TLOCK);
  } catch (error) {
    closeSync(descriptor);
    const code = Number(error instanceof Error && 'code' in error ? error.code : undefined);
    if (takenCodes.has(code)) return undefined;
    throw new Error(`locking failed with error number ${code}`, { cause: error });
  }
  held.add(path);
  return {
    release: once(() => {
      held.delete(path);
      closeSync(descriptor);
    }),
  };
}

/** How long a claim is: a process id and a line end. */
const longestClaim = 16;

function ownerOf(descriptor: number): number {
  const bytes = Buffer.alloc(longestClaim);
  const length = readSync(descriptor, bytes, 0, bytes.length, 0);
  return Number(bytes.toString('latin1', 0, length).trim());
}

/** Whether a file was written before this system started: whoever has the number in it now is somebody else. */
const isFromBefore = (descriptor: number): boolean => fstatSync(descriptor).mtimeMs < Date.now() - uptime() * 1000;

function claim(descriptor: number, path: string): boolean {
  const owner = ownerOf(descriptor);
  if (owner > 0 && owner !== process.pid && lives(owner) && !isFromBefore(descriptor)) return false;
  requireHarmless(descriptor, path, longestClaim);
  ftruncateSync(descriptor);
  writeSync(descriptor, `${process.pid}\n`, 0);
  return ownerOf(descriptor) === process.pid;
}

/**
 * The way where Node cannot reach fcntl: the file holds the owner's process id, and a dead owner has lost it. Two that
 * claim it in the same instant both read it again, and the one whose id is not there gives way. A client that locks
 * with fcntl does not see the claim.
 */
export function tryClaim(path: string): FileLock | undefined {
  const descriptor = openUnheld(path);
  if (descriptor === undefined) return undefined;
  let claimed = false;
  try {
    claimed = claim(descriptor, path);
  } finally {
    if (!claimed) closeSync(descriptor);
  }
  if (!claimed) return undefined;
  held.add(path);
  return {
    // The claim names the process, which stays the same.
    release: once(() => {
      held.delete(path);
      ftruncateSync(descriptor);
      closeSync(descriptor);
    }),
  };
}
