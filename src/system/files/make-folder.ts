import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * Makes a folder, and the one it is in. Not more, and not by Node's own way of making all of them, which never ends
 * where a folder exists but cannot hold another, such as /proc.
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    makeOne(path, mode);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    makeOne(dirname(path), mode);
    makeOne(path, mode);
  }
}
