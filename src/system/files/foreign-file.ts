import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A file that another process of the same user has open. */
export interface ForeignFile {
  readonly pid: number;
  readonly descriptor: number;
  readonly inode: number;
}

/**
 * Reads a file that another process has open into `memory`, from its start, by way of /proc (proc(5)); false when it
 * cannot be opened or is not that file: on FreeBSD, or where the other one lives in a container with numbers of its
 * own.
 */
export function readForeignFile({ pid, descriptor, inode }: ForeignFile, memory: Buffer): boolean {
  let own: number;
  try {
    own = openSync(`/proc/${pid}/fd/${descriptor}`, 'r');
  } catch {
    return false;
  }
  try {
    if (fstatSync(own).ino !== inode) return false;
    for (let filled = 0; filled < memory.length;) {
      const length = readSync(own, memory, filled, memory.length - filled, filled);
      if (length === 0) return false;
      filled += length;
    }
    return true;
  } finally {
    closeSync(own);
  }
}
