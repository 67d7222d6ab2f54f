import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
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

/** What a folder of a spool is for, which its name begins with: a job, files of clients, a client's tree, results. */
export type FolderUse = 'job' | 'files' | 'tree' | 'results';

/**
 * A daemon's own folder (mode 0700) under the temporary directory. A lock in it lasts as long as the daemon, so that
 * the next daemon can tell a crashed daemon's spool from a running one's, also across process id namespaces.
 */
export interface Spool {
  readonly path: string;
  /** Makes an empty folder (mode 0700) and returns its path, which ends with `/USE-` and 16 hexadecimal digits. */
  lend(use: FolderUse): string;
  /** Removes such a folder with everything in it; rejects when something is left, which the next start removes. */
  takeBack(folder: string): Promise<void>;
  /**
   * Removes the whole spool, after what is being taken back, and lends nothing more. Rejects when something is left,
   * which the next start removes.
   */
  remove(): Promise<void>;
}

/** What the roots of all jobs are mounted on. */
export const rootName = 'root';

/** The file whose lock shows that a spool's daemon runs; a folder without it is not a spool. */
const lockName = 'daemon-lock';

/**
 * Locks a spool; undefined when another process holds the lock.
 * @throws when it has no lock file and `flags` does not create one
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
 * How often, in ms, a spool's times are renewed: programs that clean temporary directories look at the age of files,
 * and so does this one where it cannot lock.
 */
const touchMs = 3600_000;

/** Makes the daemon's spool under `directory`. `remove` removes a folder with everything in it. */
export function openSpool(directory: string, prefix: string, remove = removeFolder): Spool {
  let path = makeSpool(directory, prefix);
  const touch = setInterval(() => {
    try {
      const now = new Date();
      utimesSync(join(path, lockName), now, now);
    } catch {
      // Somebody removed it; the next job makes a new one.
    }
  }, touchMs);
  touch.unref();
  let ended = false;
  const leaving = new Set<Promise<void>>();
  const make = (use: FolderUse): string => {
    // All jobs run as one account, so a name that cannot be guessed keeps compilers out of each other's folders.
    const folder = `${path}/${use}-${randomBytes(8).toString('hex')}`;
    mkdirSync(folder, 0o700);
    return folder;
  };
  return {
    get path() {
      return path;
    },
    lend(use) {
      if (ended) throw new Error('the daemon has ended');
      try {
        return make(use);
      } catch (error) {
        // Somebody removed or closed the spool, perhaps a malicious compile where no fence prevents that.
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code !== 'ENOENT' && code !== 'EACCES') throw error;
        path = makeSpool(directory, prefix);
        return make(use);
      }
    },
    takeBack(folder) {
      const gone = remove(folder).finally(() => leaving.delete(gone));
      leaving.add(gone);
      return gone;
    },
    async remove() {
      ended = true;
      clearInterval(touch);
      // Two rm at work in one folder disturb each other.
      await Promise.allSettled(leaving);
      try {
        // The jobs' root only has mount points, so removing it here is faster than starting rm.
        rmSync(join(path, rootName), { recursive: true, force: true });
      } catch {
        // Something else has that name; the next line removes it with the rest.
      }
      await removeSpool(path, remove);
    },
  };
}

/** What lies in a spool besides its lock: absolute paths. */
function contentsOf(path: string): string[] {
  try {
    const names = readdirSync(path).filter((name) => name !== lockName);
    return names.map((name) => join(path, name));
  } catch {
    // It is gone, or a program has closed it to its own account; rm may do better.
    return [];
  }
}

/** Removes a spool. Its lock comes last: without one no later daemon knows the rest for a spool, and removes it. */
async function removeSpool(path: string, remove: typeof removeFolder): Promise<void> {
  for (const content of contentsOf(path)) await remove(content);
  try {
    await remove(path);
  } catch (error) {
    if (existsSync(path)) closeSync(openSync(join(path, lockName), 'a', 0o600));
    throw error;
  }
}

function makeSpool(directory: string, prefix: string): string {
  // Locked under another name first, so that another daemon which sweeps never sees the folder without its lock.
  const fresh = mkdtempSync(join(directory, `new-${prefix}`));
  lock(fresh, 'wx');
  const path = join(directory, fresh.slice(join(directory, 'new-').length));
  renameSync(fresh, path);
  return path;
}

/** Whether a spool's daemon is dead; throws for a folder that is not a spool. */
export type DeathProof = (path: string) => boolean;

/**
 * Nobody holds the lock. Where this process cannot lock, as on FreeBSD, the daemon has not renewed its times for three
 * periods.
 */
const isDead: DeathProof = posix.lockf === undefined ? isForgotten : isUnlocked;

function isUnlocked(path: string): boolean {
  const descriptor = lock(path, 'r+');
  if (descriptor === undefined) return false;
  closeSync(descriptor);
  return true;
}

/** Whether a spool's times have not been renewed for more than three periods. */
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
      // Anybody may make a link of that name in a shared temporary directory.
      const found = lstatSync(path);
      if (!found.isDirectory() || found.uid !== process.getuid?.()) continue;
      if (!isLeft(path)) continue;
      for (const content of contentsOf(path)) removeFolderNow(content);
      removeFolderNow(path);
      swept.push(path);
    } catch {
      // It belongs to another account, is not a spool, or is gone meanwhile: not ours to remove.
    }
  }
  return swept;
}
