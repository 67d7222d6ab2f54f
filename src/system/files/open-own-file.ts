import { closeSync, constants, fstatSync, lstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../error-text.ts';

/** A file that somebody else may have put in place of one of ours; the message is a sentence that names it. */
export class UnsafeFile extends Error {
  constructor(path: string, fault: string) {
    super(`"${path}" ${fault}`);
    this.name = 'UnsafeFile';
  }
}

/** No link is followed, and no pipe waited for. Node itself adds that other programs do not inherit the file. */
const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK;

function unusual(path: string, found: Stats): UnsafeFile | undefined {
  if (found.isFile()) return undefined;
  return new UnsafeFile(path, found.isSymbolicLink() ? 'is a symbolic link' : 'is not a regular file');
}

/**
 * Opens a file that exists, in a folder that others may write to; throws an UnsafeFile for anything but a regular file.
 */
export function openRegular(path: string, flags: number): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags | careful);
  } catch (error) {
    // The systems have several errors for a link or a socket here.
    const found = lstatSync(path, { throwIfNoEntry: false });
    throw (found && unusual(path, found)) ?? error;
  }
  const fault = unusual(path, fstatSync(descriptor));
  if (fault === undefined) return descriptor;
  closeSync(descriptor);
  throw fault;
}

/** Makes a file that must not exist. */
const create = (path: string): number => openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666);

/**
 * Opens a file for reading and writing, and makes it when it is missing (mode 0666 less the umask); throws as
 * openRegular() does. Apart from each other, since Linux refuses to open somebody else's file in a shared folder with
 * O_CREAT (proc(5), protected_regular).
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

/** Whose a file is. */
export interface Ownership {
  readonly owner: number;
  readonly folderOwner: number;
  /** Who wants to write. */
  readonly user: number;
}

/** Whether a file is ours, or of somebody who may do anything in the folder, or in a folder of ours. */
export function isOwn({ owner, folderOwner, user }: Ownership): boolean {
  return owner === user || owner === folderOwner || folderOwner === user;
}

function ownershipOf(path: string, { uid }: Stats): Ownership {
  return { owner: uid, folderOwner: statSync(dirname(path)).uid, user: process.geteuid?.() ?? 0 };
}

/**
 * Makes a file anew, for writing, in place of an own one from before; throws an UnsafeFile when something else has its
 * name.
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
 * Makes sure that writing to an open file does no harm: throws an UnsafeFile when it has another name as well, which
 * may be one of the user's own files, or when it is somebody else's and holds more than the `most` bytes that such
 * files hold.
 */
export function requireHarmless(descriptor: number, path: string, most: number): void {
  const opened = fstatSync(descriptor);
  // Of its name at this moment: whoever links a file there may take the link away as soon as it is open.
  const named = lstatSync(path, { throwIfNoEntry: false });
  if (named === undefined || named.ino !== opened.ino || named.dev !== opened.dev)
    throw new UnsafeFile(path, 'has just been replaced by somebody');
  if (named.nlink !== 1) throw new UnsafeFile(path, 'has other names too');
  if (opened.size > most && !isOwn(ownershipOf(path, opened)))
    throw new UnsafeFile(path, 'belongs to somebody else, and holds something else');
}
