import { encodeEnded, endedLength } from './messages.ts';

/** What a preprocessor wrote, and how it ended. */
export interface EndedText {
  readonly text: Buffer;
  /** As ENDED gives it. */
  readonly status: number;
}

/**
 * Takes a preprocessor's output, which has the launcher's connection to itself until the preprocessor has ended: what comes last is then
 * ENDED with the number of the command, which no preprocessor has seen. A connection of its own would cost more than the rest of a job here.
 */
export class TextReader {
  readonly #number: number;
  readonly #chunks: Buffer[] = [];

  /** `number` is the command's. */
  constructor(number: number) {
    this.#number = number;
  }

  /** Takes what has arrived; gives the whole when that was the end of it. */
  feed(chunk: Buffer): EndedText | undefined {
    let last = chunk;
    // The end may arrive in pieces.
    while (last.length < endedLength && this.#chunks.length > 0)
      last = Buffer.concat([this.#chunks.pop() ?? last, last]);
    this.#chunks.push(last);
    const length = last.length - endedLength;
    if (length < 0) return undefined;
    const end = last.subarray(length);
    const status = end.readUInt32LE(endedLength - 8);
    if (!end.equals(encodeEnded(status, this.#number))) return undefined;
    this.#chunks[this.#chunks.length - 1] = last.subarray(0, length);
    return { text: this.#chunks.length === 1 ? last.subarray(0, length) : Buffer.concat(this.#chunks), status };
  }
}
