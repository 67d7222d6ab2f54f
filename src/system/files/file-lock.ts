import { closeSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { constants, uptime } from 'node:os';
import { lives } from '../processes/living-process.ts';
import { openOrCreate, requireHarmless } from './open-own-file.ts';
import { posix } from '../posix.ts';

/** A held lock. The system releases it when the process ends in any way. */
export interface FileLock {
  readonly release: () => void;
}

const F_TLOCK = 2;
const takenCodes = new Set([constants.errno.EAGAIN, constants.errno.EACCES]);

/**
 * The files that this process has locked. fcntl's locks do not exclude their own process, and closing a locked file
 * anywhere in it would release the lock.
 */
const held = new Set<string>();

/**
 * Takes the exclusive lock of a file without waiting; undefined when it is held already. A missing file is made. The
 * lock is fcntl's on the whole file, as in distcc. Throws when the file cannot be opened or locked, or is not a regular
 * file.
 */
export function tryLock(path: string): FileLock | undefined {
  return posix.lockf === undefined ? tryClaim(path) : tryFcntl(path);
}

/** Opens a file; undefined when this process has locked it already. */
function openUnheld(path: string): number | undefined {
  return held.has(path) ? undefined : openOrCreate(path);
}

/** Makes a second release harmless, which would otherwise release the next holder's lock. */
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

/** The longest claim in bytes: a process id and a line end. */
const longestClaim = 16;

function ownerOf(descriptor: number): number {
  const bytes = Buffer.alloc(longestClaim);
  const length = readSync(descriptor, bytes, 0, bytes.length, 0);
  return Number(bytes.toString('latin1', 0, length).trim());
}

/** Whether a file was written before this system started: its process id may belong to another process now. */
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
 * A lock for systems where Node cannot call fcntl: the file holds the owner's process id, and the claim of a dead owner
 * is void. When two processes claim a file at once, both read it again, and the one whose id is not in it gives up.
 * Clients that lock with fcntl do not see a claim.
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
    // The claim holds the process id, which does not change.
    release: once(() => {
      held.delete(path);
      ftruncateSync(descriptor);
      closeSync(descriptor);
    }),
  };
}
