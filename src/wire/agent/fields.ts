import { ProtocolError } from '../reading/protocol-error.ts';

/** Encodes numbers of 32 bits, little-endian. */
export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * at);
  return bytes;
}

/**
 * The number at an index, counted in numbers of 32 bits.
 * @throws ProtocolError when the content is too short
 */
export function numberAt(content: Buffer, at: number): number {
  if (content.length < 4 * at + 4)
    throw new ProtocolError('malformed', `a message of ${content.length} bytes is too short`);
  return content.readUInt32LE(4 * at);
}

/** As numberAt(), for 64 bits. Inodes and sizes are small enough for a number of JavaScript. */
export const wideAt = (content: Buffer, at: number): number =>
  numberAt(content, at) + numberAt(content, at + 1) * 2 ** 32;

/** Encodes strings, each with a NUL after it. */
export const terminated = (words: readonly string[]): Buffer =>
  Buffer.from(words.map((word) => `${word}\0`).join(''), 'latin1');

/** Reads exactly `count` strings, each with a NUL after it. @throws ProtocolError */
export function splitStrings(bytes: Buffer, count: number): string[] {
  const words = bytes.toString('latin1').split('\0');
  if (words.pop() !== '' || words.length !== count) {
    throw new ProtocolError('malformed', `a message with ${words.length} strings in place of ${count}`);
  }
  return words;
}
