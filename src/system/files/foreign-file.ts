import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A file that another process of the same user has open. */
export interface ForeignFile {
  readonly pid: number;
  readonly descriptor: number;
  readonly inode: number;
}

/**
 * Reads a file that another process has open into `memory`, from a byte on, through /proc (proc(5)). False when it
 * cannot be opened or is another file, as on FreeBSD or when the other process is in a container with its own process
 * ids.
 */
export function readForeignFile({ pid, descriptor, inode }: ForeignFile, memory: Buffer, from = 0): boolean {
  let own: number;
  try {
    own = openSync(`/proc/${pid}/fd/${descriptor}`, 'r');
  } catch {
    return false;
  }
  try {
    if (fstatSync(own).ino !== inode) return false;
    for (let filled = 0; filled < memory.length;) {
      const length = readSync(own, memory, filled, memory.length - filled, from + filled);
      if (length === 0) return false;
      filled += length;
    }
    return true;
  } finally {
    closeSync(own);
  }
}
