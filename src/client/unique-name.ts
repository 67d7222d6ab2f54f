import { openSync } from 'node:fs';
import { errorCode } from '../system/error-text.ts';

/** A file that did not exist before. */
export interface NewFile {
  readonly path: string;
  readonly descriptor: number;
}

/** Makes a new file whose name has eight random digits in it; a name that is taken is never opened, another one is tried. */
export function openNewFile(nameOf: (digits: string) => string, mode: number): NewFile {
  for (let attempt = 1; ; attempt += 1) {
    // Loading node:crypto would cost each start 2 ms; the exclusive open is what makes this safe.
    const path = nameOf(
      Math.floor(Math.random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    );
    try {
      return { path, descriptor: openSync(path, 'wx+', mode) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' || attempt === 100) throw error;
    }
  }
}
