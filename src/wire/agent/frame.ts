import { ProtocolError } from '../reading/protocol-error.ts';

/**
 * The kinds of messages between the launcher and the agent, both on this machine: `src/launcher/launcher.h` has the
 * same numbers. A message is its kind, the length of what follows, and that; all numbers are 32 bits, least byte first.
 * Names, words, paths and variables are bytes: a text here has one character for each byte of them (latin1).
 */
export const kinds = {
  // From the launcher.
  JOB: 1,
  ENDED: 2,
  FAILED: 3,
  TEXT: 4,
  // From a program that asks about the agent itself.
  ASK: 5,
  CONTENT: 6,
  FOUND: 7,
  SAVED: 8,
  PING: 9,
  ANSWER: 10,
  STAMPS: 11,
  INPUT: 12,
  TARGETS: 13,
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
} as const;

/** What a launcher may send at most in one message, in bytes: an argument list of Linux fits several times. */
export const longestMessage = 64 * 1024 * 1024;

const headerLength = 8;

/** A message whose content has not been looked at. */
export interface Frame {
  readonly kind: number;
  readonly content: Buffer;
}

/** Cuts a stream of bytes into messages, however they arrive. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

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
    if (length > longestMessage) throw new ProtocolError('too large', `a message of ${length} bytes`);
    if (this.#length < headerLength + length) return undefined;
    const all = this.rest();
    if (all.length > headerLength + length) this.feed(all.subarray(headerLength + length));
    return { kind: all.readUInt32LE(0), content: all.subarray(headerLength, headerLength + length) };
  }

  /** What has arrived after the last message. */
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
