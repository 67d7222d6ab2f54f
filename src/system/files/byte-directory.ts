import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { bytesOf, pathOf } from '../byte-text.ts';

/** The most directories that are kept open. */
const most = 16;
/** Open descriptors by name. */
const opened = new Map<string, number>();

const byDescriptor = (descriptor: number): string => `/proc/self/fd/${descriptor}`;

/** Opens a directory, which is made if it is missing. @throws the system's error */
function openDirectory(name: Buffer): number {
  try {
    mkdirSync(name);
  } catch {
    // It exists already, or openSync() reports the error.
  }
  return openSync(name, 'r');
}

/**
 * A path that Node's functions can use for a directory whose name, a byte text, may not be UTF-8. Such a directory is
 * made if it is missing, kept open, and reached through its descriptor; undefined where that is not possible.
 */
export function directoryPath(name: string | undefined): string | undefined {
  const path = pathOf(name);
  if (path !== undefined || name === undefined || process.platform !== 'linux') return path;
  const known = opened.get(name);
  if (known !== undefined) {
    if (fstatSync(known).nlink > 0) return byDescriptor(known);
    closeSync(known);
    opened.delete(name);
  }
  if (opened.size >= most) return undefined;
  try {
    const descriptor = openDirectory(bytesOf(name));
    opened.set(name, descriptor);
    return byDescriptor(descriptor);
  } catch {
    return undefined;
  }
}
