import { closeSync, fstatSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openNewFile } from './unique-name.ts';

/** A file that takes what a child writes, and is read afterwards. */
export interface TemporaryFile {
  readonly descriptor: number;
  /** Everything that was written, from the start. */
  read(): Buffer;
  close(): void;
}

/**
 * Opens a new temporary file. Unless it is to be kept it has no name any more when this returns, so that it ends with the last process
 * that has it, however that ends.
 */
export function openTemporaryFile(directory: string, extension: string, keep: boolean): TemporaryFile {
  const { path, descriptor } = openNewFile((digits) => join(directory, `distcc_${digits}${extension}`), 0o600);
  if (!keep) unlinkSync(path);
  return {
    descriptor,
    read() {
      const bytes = Buffer.allocUnsafe(fstatSync(descriptor).size);
      let filled = 0;
      while (filled < bytes.length) {
        const length = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
        if (length === 0) break;
        filled += length;
      }
      return bytes.subarray(0, filled);
    },
    close: () => closeSync(descriptor),
  };
}
