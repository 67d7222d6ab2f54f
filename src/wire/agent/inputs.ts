import { ProtocolError } from '../reading/protocol-error.ts';
import { numberAt, splitStrings, terminated } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/**
 * The bytes of a stamp, which is what the file system tells of a path: an error's number or 0, and the mode, with 32
 * bits; device, inode, size (0 for a directory), and the times of the last changes to content and to anything, in ns,
 * with 64 bits. Least byte first. Equal stamps mean an unchanged file.
 */
export const stampLength = 48;

/** Paths for STAMP: bytes with a NUL after each. */
export const encodePaths = (paths: readonly string[]): Buffer => terminated(paths);

/** STAMP: absolute paths, as encodePaths() makes them; links are not followed. STAMPS has a stamp for each. */
export function encodeStamp(paths: Buffer): Buffer {
  return encodeFrame(kinds.STAMP, paths);
}

/** FETCH: absolute paths of files, for each of which INPUT comes. */
export function encodeFetch(paths: readonly string[]): Buffer {
  return encodeFrame(kinds.FETCH, terminated(paths));
}

/** FOLLOW: absolute paths of links. */
export function encodeFollow(paths: readonly string[]): Buffer {
  return encodeFrame(kinds.FOLLOW, terminated(paths));
}

/** CHECK_OUTPUT: names of a source and of an output. */
export function encodeCheckOutput(source: string, output: string): Buffer {
  return encodeFrame(kinds.CHECK_OUTPUT, terminated([source, output]));
}

/** What is wrong with an output. */
export interface CheckedMessage {
  readonly outputIsSource: boolean;
  readonly notWritable: boolean;
}

/** Reads CHECKED: bits. @throws ProtocolError */
export function readChecked(content: Buffer): CheckedMessage {
  const output = numberAt(content, 0);
  return { outputIsSource: (output & 1) !== 0, notWritable: (output & 2) !== 0 };
}

/** A file that has been read. */
export interface InputMessage {
  /** When reading began, in ns since 1970. */
  readonly now: bigint;
  /** Its stamp, which was the same before and after; with an error's number when it could not be read. */
  readonly stamp: Buffer;
  readonly bytes: Buffer;
}

/** Reads INPUT: the time with 64 bits, the stamp, the bytes. @throws ProtocolError */
export function readInput(content: Buffer): InputMessage {
  const begin = 8 + stampLength;
  if (content.length < begin) throw new ProtocolError('malformed', `an input of ${content.length} bytes is too short`);
  return {
    now: content.readBigUInt64LE(0),
    stamp: Buffer.from(content.subarray(8, begin)),
    bytes: content.subarray(begin),
  };
}

/** Reads TARGETS: the text of each link, empty for what is not a link. @throws ProtocolError */
export function readTargets(content: Buffer): string[] {
  let count = 0;
  for (const byte of content) if (byte === 0) count += 1;
  return splitStrings(content, count);
}
