import { ProtocolError } from '../reading/protocol-error.ts';

/**
 * The kinds of messages between the launcher and the agent, both on this machine: `src/launcher/launcher.h` has the
 * same numbers. A message is its kind, the length of its content, and the content. All numbers have 32 bits,
 * little-endian. Names, words, paths and variables are byte texts: one character for each byte (latin1).
 */
export const kinds = {
  // From the launcher.
  JOB: 1,
  ENDED: 2,
  FAILED: 3,
  TEXT: 4,
  // From a program that asks the agent about itself.
  ASK: 5,
  CONTENT: 6,
  FOUND: 7,
  SAVED: 8,
  PING: 9,
  ANSWER: 10,
  STAMPS: 11,
  INPUT: 12,
  TARGETS: 13,
  CHECKED: 14,
  REACHED: 15,
  // From the agent.
  WRITE: 16,
  PREPROCESS: 17,
  RUN: 18,
  EXEC: 19,
  EXIT: 20,
  PRIVATE: 21,
  REPORT: 22,
  SEND_TEXT: 23,
  SHOW: 24,
  READ: 25,
  LOOK: 26,
  SAVE: 27,
  APPEND: 28,
  GO_ON: 29,
  PONG: 30,
  TAKE: 31,
  CARRY: 32,
  SAVE_ANSWER: 33,
  KEEP: 34,
  MORE: 35,
  STAMP: 36,
  FETCH: 37,
  FOLLOW: 38,
  CHECK_OUTPUT: 39,
  PROBE: 40,
  GATE: 41,
} as const;

/** The longest content of a message, in bytes: several times the longest argument list of Linux. */
export const longestMessage = 64 * 1024 * 1024;

const headerLength = 8;

/** A message whose content has not been read. */
export interface Frame {
  readonly kind: number;
  readonly content: Buffer;
}

/** Splits a stream of bytes into messages. */
export class FrameReader {
  readonly #longest: number;
  #chunks: Buffer[] = [];
  #length = 0;

  /** `longest` is the most bytes that a message's content may have. */
  constructor(longest = longestMessage) {
    this.#longest = longest;
  }

  feed(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next message that is complete. @throws ProtocolError */
  next(): Frame | undefined {
    if (this.#length < headerLength) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < headerLength) this.#chunks = [Buffer.concat(this.#chunks)];
    const [first = Buffer.alloc(0)] = this.#chunks;
    const length = first.readUInt32LE(4);
    if (length > this.#longest) throw new ProtocolError('too large', `a message of ${length} bytes`);
    if (this.#length < headerLength + length) return undefined;
    const all = this.rest();
    if (all.length > headerLength + length) this.feed(all.subarray(headerLength + length));
    return { kind: all.readUInt32LE(0), content: all.subarray(headerLength, headerLength + length) };
  }

  /** The bytes after the last complete message. */
  rest(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return all;
  }
}

/** Puts the header before a message's content. */
export function encodeFrame(kind: number, ...content: readonly Buffer[]): Buffer {
  let length = 0;
  for (const part of content) length += part.length;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame.writeUInt32LE(kind, 0);
  frame.writeUInt32LE(length, 4);
  let at = headerLength;
  for (const part of content) at += part.copy(frame, at);
  return frame;
}
