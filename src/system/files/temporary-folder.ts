import { randomBytes } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { posix } from '../posix.ts';
import { removeFolder, removeFolderNow } from './remove-folder.ts';

const F_TLOCK = 2;

/**
 * A daemon's own folder (mode 0700) under the temporary directory. A lock in it lives as long as the daemon, so the
 * next daemon can tell what a crashed one left from what a living one uses, also across process-id namespaces.
 */
export interface Spool {
  readonly path: string;
  /** Makes an empty folder (mode 0700) and names it. */
  lend(): string;
  /** Removes a lent folder with everything in it; rejects when something is left, which the next start removes. */
  takeBack(folder: string): Promise<void>;
  /** Removes the whole spool. */
  remove(): void;
}

/** What the roots of all jobs are mounted on. */
export const rootName = 'root';

/** The file whose lock says that a spool's daemon lives; a folder without it is not a spool. */
const lockName = 'daemon-lock';

/**
 * Locks a spool; undefined when another process holds the lock. @throws when it has no lock file and none is to be made
 */
function lock(path: string, flags: 'wx' | 'r+'): number | undefined {
  const descriptor = openSync(join(path, lockName), flags, 0o600);
  try {
    posix.lockf?.(descriptor, F_TLOCK);
    return descriptor;
  } catch {
    closeSync(descriptor);
    return undefined;
  }
}

/**
 * How often a spool shows that it is in use: whoever cleans the temporary directory looks at the age of files, and so
 * do we where locks are out of reach.
 */
const touchMs = 3600_000;

/** Makes the daemon's spool under `directory`. */
export function openSpool(directory: string, prefix: string): Spool {
  let path = makeSpool(directory, prefix);
  const touch = setInterval(() => {
    try {
      const now = new Date();
      utimesSync(join(path, lockName), now, now);
    } catch {
      // Somebody removed it: the next job makes another.
    }
  }, touchMs);
  touch.unref();
  const make = (): string => {
    // All jobs run as one account: a name that no other client can guess keeps their compilers out of each other's
    // folders.
    const folder = `${path}/${randomBytes(8).toString('hex')}`;
    mkdirSync(folder, 0o700);
    return folder;
  };
  return {
    get path() {
      return path;
    },
    lend() {
      try {
        return make();
      } catch (error) {
        // Somebody removed it or closed it, such as a compiler in the hands of its client where nothing keeps it from
        // that.
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code !== 'ENOENT' && code !== 'EACCES') throw error;
        path = makeSpool(directory, prefix);
        return make();
      }
    },
    takeBack: removeFolder,
    remove: () => {
      clearInterval(touch);
      try {
        // Of the jobs' roots there are only the places to mount on, which is done sooner without another program.
        rmSync(join(path, rootName), { recursive: true, force: true });
      } catch {
        // Then it is something else.
      }
      removeFolderNow(path);
    },
  };
}

function makeSpool(directory: string, prefix: string): string {
  // Locked under another name first: a sweeping daemon must never see the folder without its lock.
  const fresh = mkdtempSync(join(directory, `new-${prefix}`));
  lock(fresh, 'wx');
  const path = join(directory, fresh.slice(join(directory, 'new-').length));
  renameSync(fresh, path);
  return path;
}

/** A way to tell a dead daemon's spool from a living one's; throws for a folder that is none. */
export type DeathProof = (path: string) => boolean;

/**
 * Nobody holds the lock. Where Node has none, on FreeBSD say, the daemon has missed three times to show that it lives.
 */
const isDead: DeathProof = posix.lockf === undefined ? isForgotten : isUnlocked;

function isUnlocked(path: string): boolean {
  const descriptor = lock(path, 'r+');
  if (descriptor === undefined) return false;
  closeSync(descriptor);
  return true;
}

/** Whether the spool was not touched for more than three periods. */
export function isForgotten(path: string): boolean {
  return Date.now() - lstatSync(join(path, lockName)).mtimeMs > 3 * touchMs;
}

/** Removes the spools that crashed daemons of this account left, and returns their paths. */
export function sweepSpools(directory: string, prefix: string, isLeft = isDead): string[] {
  const swept: string[] = [];
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(directory, name);
    try {
      // Anybody may put a link of that name into a shared temporary directory.
      const found = lstatSync(path);
      if (!found.isDirectory() || found.uid !== process.getuid?.()) continue;
      if (!isLeft(path)) continue;
      removeFolderNow(path);
      swept.push(path);
    } catch {
      // Another account's folder, no spool at all, or gone in the meantime: not ours to remove.
    }
  }
  return swept;
}
