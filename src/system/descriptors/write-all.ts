import { writeSync } from 'node:fs';
import { errorCode } from '../error-text.ts';

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all bytes to a descriptor before it returns. Another program that shares a terminal or pipe may have made it
 * non-blocking: then this waits 5 ms at a time for room.
 */
export function writeAll(descriptor: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

/** Prints a text to a descriptor; false when the reader is gone, as after `head` has enough. */
export function printTo(descriptor: number, text: string | Buffer): boolean {
  try {
    writeAll(descriptor, typeof text === 'string' ? Buffer.from(text) : text);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EPIPE') return false;
    throw error;
  }
}
