import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { bytesOf, pathOf } from '../byte-text.ts';

/** How many directories are kept open at most. */
const most = 16;
/** Descriptors by names. */
const opened = new Map<string, number>();

const byDescriptor = (descriptor: number): string => `/proc/self/fd/${descriptor}`;

/** The descriptor of a directory, which is made if it is missing. @throws the system's error */
function openDirectory(name: Buffer): number {
  try {
    mkdirSync(name);
  } catch {
    // It is there, or opening it tells why not.
  }
  return openSync(name, 'r');
}

/**
 * A path to a directory whose name, a byte text, need not be UTF-8, which is all that Node's functions with texts can
 * say. Such a one is made if it is missing, kept open, and reached by its descriptor; undefined where that cannot be.
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
