import { isUtf8 } from 'node:buffer';

/**
 * The bytes of a byte text: a text with one character for each byte (latin1). Names, words and variables of other
 * processes are kept so, because they need not be UTF-8.
 */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Bytes as a byte text. */
export function byteText(bytes: Buffer | string): string {
  return typeof bytes === 'string' ? Buffer.from(bytes).toString('latin1') : bytes.toString('latin1');
}

/** A byte text in readable form, decoded as UTF-8. */
export function readable(text: string): string {
  return bytesOf(text).toString();
}

/** A path on the disk: bytes where it is not UTF-8. */
export type DiskPath = string | Buffer;

/** Where an absolute path, a byte text, is below a folder whose own name is UTF-8. */
export function pathBelow(folder: string, path: string): DiskPath {
  const text = pathOf(path);
  return text === undefined ? Buffer.concat([Buffer.from(folder), bytesOf(path)]) : folder + text;
}

/** A byte text as a path for Node's functions, which encode paths as UTF-8; undefined when it is not UTF-8. */
export function pathOf(text: string | undefined): string | undefined {
  if (text === undefined || !/[\x80-\xff]/.test(text)) return text;
  const bytes = bytesOf(text);
  return isUtf8(bytes) ? bytes.toString() : undefined;
}
