import { closeSync, constants, fstatSync, lstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../error-text.ts';

/** A file that another user may have put in the place of one of ours; the message is a sentence that names it. */
export class UnsafeFile extends Error {
  constructor(path: string, fault: string) {
    super(`"${path}" ${fault}`);
    this.name = 'UnsafeFile';
  }
}

/** Follow no link and wait for no pipe. Node itself adds O_CLOEXEC. */
const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK;

function unusual(path: string, found: Stats): UnsafeFile | undefined {
  if (found.isFile()) return undefined;
  return new UnsafeFile(path, found.isSymbolicLink() ? 'is a symbolic link' : 'is not a regular file');
}

/** Opens an existing file in a folder that others may write to; throws an UnsafeFile unless it is a regular file. */
export function openRegular(path: string, flags: number): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags | careful);
  } catch (error) {
    // For a link or a socket here the error differs between systems.
    const found = lstatSync(path, { throwIfNoEntry: false });
    throw (found && unusual(path, found)) ?? error;
  }
  const fault = unusual(path, fstatSync(descriptor));
  if (fault === undefined) return descriptor;
  closeSync(descriptor);
  throw fault;
}

/** Creates a file, which must not exist. */
const create = (path: string): number => openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666);

/**
 * Opens a file for reading and writing, and creates it when it is missing (mode 0666 less the umask); throws as
 * openRegular() does. In two calls, because in a shared folder Linux refuses to open another user's file with O_CREAT
 * (proc(5), protected_regular).
 */
export function openOrCreate(path: string): number {
  for (let left = 3; ; left -= 1) {
    try {
      return openRegular(path, constants.O_RDWR);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    try {
      return create(path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' || left === 0) throw error;
    }
  }
}

/** The owners that decide whether a file is safe. */
export interface Ownership {
  readonly owner: number;
  readonly folderOwner: number;
  /** The user who wants to write. */
  readonly user: number;
}

/** Whether a file belongs to the user or to the folder's owner, or lies in the user's own folder. */
export function isOwn({ owner, folderOwner, user }: Ownership): boolean {
  return owner === user || owner === folderOwner || folderOwner === user;
}

function ownershipOf(path: string, { uid }: Stats): Ownership {
  return { owner: uid, folderOwner: statSync(dirname(path)).uid, user: process.geteuid?.() ?? 0 };
}

/**
 * Creates a file for writing, and replaces an older one of the user's own; throws an UnsafeFile when something else has
 * its name.
 */
export function createAnew(path: string): number {
  try {
    return create(path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) {
    const fault = unusual(path, found);
    if (fault !== undefined) throw fault;
    if (!isOwn(ownershipOf(path, found))) throw new UnsafeFile(path, 'belongs to somebody else');
    unlinkSync(path);
  }
  return create(path);
}

/**
 * Makes sure that writing to an open file does no harm. Throws an UnsafeFile when the file has another name too, since
 * it may be one of the user's other files; or when it belongs to somebody else and is longer than `most` bytes, the
 * length of such files.
 */
export function requireHarmless(descriptor: number, path: string, most: number): void {
  const opened = fstatSync(descriptor);
  // Also looks at what the name means now: an attacker who linked a file there may have removed the link after the
  // open.
  const named = lstatSync(path, { throwIfNoEntry: false });
  if (named === undefined || named.ino !== opened.ino || named.dev !== opened.dev)
    throw new UnsafeFile(path, 'has just been replaced by somebody');
  if (named.nlink !== 1) throw new UnsafeFile(path, 'has other names too');
  if (opened.size > most && !isOwn(ownershipOf(path, opened)))
    throw new UnsafeFile(path, 'belongs to somebody else, and holds something else');
}
