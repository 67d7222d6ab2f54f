import { closeSync, futimesSync, lstatSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../system/error-text.ts';
import { tryLock } from '../../system/files/file-lock.ts';
import type { FileLock } from '../../system/files/file-lock.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { openOrCreate, requireHarmless } from '../../system/files/open-own-file.ts';
import { lockName } from '../hosts/host.ts';
import type { DistantHost, Host } from '../hosts/host.ts';
import type { Candidate } from './slot-order.ts';
import type { Slot } from './slots.ts';

/** The slots and the resting hosts that all clients of a user share, distcc 3.4 included. */
export interface LockFolder {
  /** Takes a slot without waiting; undefined when another client holds it. Throws when the folder cannot be used. */
  take(candidate: Candidate): FileLock | undefined;
  /** Takes one of the first `count` slots of this machine. */
  takeLocal(count: number): Slot | undefined;
  /** Whether a host failed less than the period ago. */
  rests(host: DistantHost): boolean;
  /** Notes that a host failed. */
  rest(host: DistantHost): void;
  /** Notes that a host works. */
  praise(host: DistantHost): void;
}

/**
 * Jobs that run here use the same lock files as the host "localhost" (doc/distcc-behaviour.md, "Slots and lock files").
 */
const here: Host = { kind: 'local', definition: 'localhost', slots: Number.MAX_SAFE_INTEGER };

/** The state of a host, from the folder's files. */
export interface FolderState {
  /** How many of its slots are taken. */
  readonly taken: number;
  /** How many more seconds it rests; 0 when it does not. */
  readonly restSeconds: number;
}

/**
 * When a host was marked as failed, in ms; undefined when it was not. Others may write to the folder: only a regular
 * file counts as a mark.
 */
function markedAt(file: string): number | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.mtimeMs : undefined;
}

/** A mark is one byte, as distcc's own clients make it. */
function mark(file: string): void {
  const descriptor = openOrCreate(file);
  try {
    requireHarmless(descriptor, file, 1);
    writeSync(descriptor, 'x', 0);
    const now = new Date();
    futimesSync(descriptor, now, now);
  } catch (error) {
    // Only a file's owner may set its time; on somebody else's file, writing updates it, by the clock of the file
    // server.
    if (errorCode(error) !== 'EPERM') throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Looks at the shared folder at `path` without making anything in it. */
export function readLockFolder(path: string, restSeconds: number): (host: Host) => FolderState {
  const taken = (file: string): boolean => {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return false;
    try {
      const lock = tryLock(file);
      lock?.release();
      return lock === undefined;
    } catch {
      // No job can take this lock either.
      return true;
    }
  };
  return (host) => {
    const files = Array.from({ length: host.slots }, (_, slot) => join(path, `cpu_${lockName(host)}_${slot}`));
    const failed = markedAt(join(path, `backoff_${lockName(host)}_0`));
    const rest = failed === undefined ? 0 : restSeconds - (Date.now() - failed) / 1000;
    return { taken: files.filter((file) => taken(file)).length, restSeconds: Math.max(0, rest) };
  };
}

/**
 * The shared folder at `path`, which is made when it is missing; a failed host rests for `restSeconds`, 0 for never.
 */
export function openLockFolder(path: string, restSeconds: number): LockFolder {
  let made = false;
  const pathOf = (kind: 'cpu' | 'backoff', host: Host, slot: number): string => {
    if (!made) makeFolder(path);
    made = true;
    return join(path, `${kind}_${lockName(host)}_${slot}`);
  };
  const take = ({ host, slot }: Candidate): FileLock | undefined => tryLock(pathOf('cpu', host, slot));
  return {
    take,
    takeLocal(count) {
      for (let slot = 0; slot < count; slot += 1) {
        const lock = take({ host: here, slot });
        if (lock !== undefined) return { slot, release: lock.release };
      }
      return undefined;
    },
    rests(host) {
      if (restSeconds === 0) return false;
      const failed = markedAt(pathOf('backoff', host, 0));
      return failed !== undefined && Date.now() - failed < restSeconds * 1000;
    },
    rest(host) {
      if (restSeconds > 0) mark(pathOf('backoff', host, 0));
    },
    praise(host) {
      if (restSeconds === 0) return;
      const file = pathOf('backoff', host, 0);
      if (markedAt(file) !== undefined) unlinkSync(file);
    },
  };
}
