import { makeFolder } from '../system/make-folder.ts';
import { statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../system/file-lock.ts';
import type { FileLock } from '../system/file-lock.ts';
import { lockName } from './host.ts';
import type { DistantHost, Host } from './host.ts';
import type { Candidate } from './schedule.ts';

/** The slots and the resting hosts that all clients of a user share, whichever implementation they are. */
export interface LockFolder {
  /** Takes a place without waiting; undefined when another client has it. Throws when the folder cannot be used. */
  take(candidate: Candidate): FileLock | undefined;
  /** Takes one of the first `count` places of this machine. */
  takeLocal(count: number): { lock: FileLock; slot: number } | undefined;
  /** Whether a host failed less than the period ago. */
  rests(host: DistantHost): boolean;
  /** Notes that a host failed. */
  rest(host: DistantHost): void;
  /** Notes that a host works. */
  praise(host: DistantHost): void;
}

/** The places of jobs that no host gets are the same files as those of the host "localhost" (client-run reference, section 4). */
const here: Host = { kind: 'local', definition: 'localhost', slots: Number.MAX_SAFE_INTEGER };

/** What the folder tells about a host that jobs without an agent use. */
export interface FolderState {
  /** How many of its places are taken. */
  readonly taken: number;
  /** How many seconds it rests, 0 when it does not. */
  readonly restSeconds: number;
}

/** Looks at the shared folder at `path` without making anything in it. */
export function readLockFolder(path: string, restSeconds: number): (host: Host) => FolderState {
  const taken = (file: string): boolean => {
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return false;
    const lock = tryLock(file);
    lock?.release();
    return lock === undefined;
  };
  return (host) => {
    const files = Array.from({ length: host.slots }, (_, slot) => join(path, `cpu_${lockName(host)}_${slot}`));
    const failed = statSync(join(path, `backoff_${lockName(host)}_0`), { throwIfNoEntry: false });
    const rest = failed === undefined ? 0 : restSeconds - (Date.now() - failed.mtimeMs) / 1000;
    return { taken: files.filter((file) => taken(file)).length, restSeconds: Math.max(0, rest) };
  };
}

/** The shared folder at `path`, which is made when it is missing; a failed host rests for `restSeconds`, 0 for never. */
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
        if (lock !== undefined) return { lock, slot };
      }
      return undefined;
    },
    rests(host) {
      if (restSeconds === 0) return false;
      const failed = statSync(pathOf('backoff', host, 0), { throwIfNoEntry: false });
      return failed !== undefined && Date.now() - failed.mtimeMs < restSeconds * 1000;
    },
    rest(host) {
      if (restSeconds === 0) return;
      const file = pathOf('backoff', host, 0);
      writeFileSync(file, 'x');
      const now = new Date();
      utimesSync(file, now, now);
    },
    praise(host) {
      if (restSeconds === 0) return;
      const file = pathOf('backoff', host, 0);
      if (statSync(file, { throwIfNoEntry: false }) !== undefined) unlinkSync(file);
    },
  };
}
