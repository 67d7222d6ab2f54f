import { isUtf8 } from 'node:buffer';

/**
 * The bytes of a text that has one character for each byte, as names, words and variables of other processes are kept.
 */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Bytes as a text that has one character for each. */
export function byteText(bytes: Buffer | string): string {
  return typeof bytes === 'string' ? Buffer.from(bytes).toString('latin1') : bytes.toString('latin1');
}

/** A byte text as people read it. */
export function readable(text: string): string {
  return bytesOf(text).toString();
}

/** A byte text as a path for Node's functions, which encode it as UTF-8; undefined when it is not that. */
export function pathOf(text: string | undefined): string | undefined {
  if (text === undefined || !/[\x80-\xff]/.test(text)) return text;
  const bytes = bytesOf(text);
  return isUtf8(bytes) ? bytes.toString() : undefined;
}
