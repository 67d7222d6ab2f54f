import { ProtocolError } from '../reading/protocol-error.ts';
import type { KeptPart } from './carry.ts';
import type { FileIdentity } from './command.ts';
import { numberAt, numbers, terminated, wideAt } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/** SAVED: the errno with which the launcher could not write a file, and the number of that SAVE. */
export function encodeSaved(errorNumber: number, number: number): Buffer {
  return encodeFrame(kinds.SAVED, numbers(errorNumber, number));
}

/** Reads SAVED. @throws ProtocolError */
export function readSaved(content: Buffer): { readonly errno: number; readonly number: number } {
  return { errno: numberAt(content, 0), number: numberAt(content, 1) };
}

/** WRITE: a descriptor, and the bytes for it. */
export function encodeWrite(descriptor: number, bytes: Buffer): Buffer {
  return encodeFrame(kinds.WRITE, numbers(descriptor), bytes);
}

/** APPEND: a path, and the bytes for the end of that file. */
export function encodeAppend(path: string, bytes: Buffer): Buffer {
  return encodeFrame(kinds.APPEND, terminated([path]), bytes);
}

/** READ: the name of a file. */
export function encodeRead(path: string): Buffer {
  return encodeFrame(kinds.READ, terminated([path]));
}

/** A file that the launcher was asked for: its bytes, at most 1 MiB, or the errno. */
export type FileContent = { readonly error: 0; readonly bytes: Buffer } | { readonly error: number };

/** Reads CONTENT: errno or 0, length, bytes. @throws ProtocolError */
export function readContent(content: Buffer): FileContent {
  const [error, length] = [numberAt(content, 0), numberAt(content, 1)];
  if (content.length !== 8 + length) throw new ProtocolError('malformed', 'a file of another length than told');
  return error === 0 ? { error: 0, bytes: content.subarray(8) } : { error };
}

/**
 * How a file is written: `throughLinks` follows links, as a program does that opens it by name; `newName` requires that
 * it does not exist.
 */
export const saveFlags = { throughLinks: 1, newName: 2 } as const;

/** A file for the launcher to write. */
export interface SaveMessage {
  readonly flags: number;
  /** The number by which SAVED refers to it. */
  readonly number: number;
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * SAVE: flags, a number, the length of the path with its NUL, the path, the bytes. When the file cannot be written the
 * launcher answers SAVED, and skips all messages until GO_ON. After a `newName` file it may answer SAVED too, but skips
 * nothing.
 */
export function encodeSave({ flags, number, path, bytes }: SaveMessage): Buffer {
  const name = terminated([path]);
  return encodeFrame(kinds.SAVE, numbers(flags, number, name.length), name, bytes);
}

/** SAVE_ANSWER: as SAVE, but with offset and length of a part of the host's answer in place of the bytes. */
export function encodeSaveAnswer(
  { flags, number, path }: Omit<SaveMessage, 'bytes'>,
  { at, length }: KeptPart,
): Buffer {
  const name = terminated([path]);
  return encodeFrame(kinds.SAVE_ANSWER, numbers(flags, number, name.length), name, numbers(at, length));
}

const kept = ['text', 'answer', 'messages', 'found', 'remarks'] as const;

/**
 * What a launcher holds: what the preprocessor wrote, what a host has sent, what the preprocessor wrote to stderr, what
 * a program wrote that was only asked something (PROBE), to stdout and to stderr.
 */
export type Kept = (typeof kept)[number];

/** SEND_TEXT: the number of what is wanted. */
export function encodeSendText(which: Kept): Buffer {
  return encodeFrame(kinds.SEND_TEXT, numbers(kept.indexOf(which)));
}

/** LOOK: a PATH, and names of programs. */
export function encodeLook(path: string, names: readonly string[]): Buffer {
  return encodeFrame(kinds.LOOK, terminated([path, ...names]));
}

/** A program in PATH. */
export interface FoundProgram extends FileIdentity {
  /** The index of its name in LOOK. */
  readonly name: number;
  /** The index of its entry in PATH. */
  readonly entry: number;
  /** Whether it is distcc. */
  readonly ours: boolean;
  /** The file's own path, after all links. */
  readonly real: string;
}

/** FOUND: for each program its name's index, the index in PATH, 1 if it is distcc, device, inode, and its own path. */
export function encodeFound(programs: readonly FoundProgram[]): Buffer {
  const parts = programs.map(({ name, entry, ours, device, inode, real }) => {
    const wide = Buffer.alloc(16);
    wide.writeBigUInt64LE(BigInt(device), 0);
    wide.writeBigUInt64LE(BigInt(inode), 8);
    return Buffer.concat([numbers(name, entry, ours ? 1 : 0), wide, terminated([real])]);
  });
  return encodeFrame(kinds.FOUND, ...parts);
}

/** Reads FOUND. @throws ProtocolError */
export function readFound(content: Buffer): FoundProgram[] {
  const programs: FoundProgram[] = [];
  for (let at = 0; at < content.length;) {
    const one = content.subarray(at);
    const end = one.indexOf(0, 28);
    if (end === -1) throw new ProtocolError('malformed', 'a program without an end');
    programs.push({
      name: numberAt(one, 0),
      entry: numberAt(one, 1),
      ours: numberAt(one, 2) === 1,
      device: wideAt(one, 3),
      inode: wideAt(one, 5),
      real: one.toString('latin1', 28, end),
    });
    at += end + 1;
  }
  return programs;
}
