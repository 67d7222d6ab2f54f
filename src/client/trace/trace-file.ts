import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { errorCode, systemReason } from '../../system/error-text.ts';
import type { DiskPath } from '../../system/byte-text.ts';
import type { TraceEvent } from './trace-events.ts';

/** What stands before and after the events: the JSON object format of Chrome's traces. */
const opening = '{"displayTimeUnit":"ms","traceEvents":[';
const closing = '\n]}\n';

/** A new file with events, which is complete after each write, so that it can be read whenever its writer ends. */
export class TraceFile {
  readonly #descriptor: number;
  readonly #name: string;
  readonly #most: number;
  /** Where the closing is, which the next events replace. */
  #at: number;
  #isEmpty = true;

  /**
   * Makes the file. One that exists stays as it is, whatever it is: a link is not followed. `name` is for messages;
   * `most` is its longest length in bytes.
   * @throws Failure (status 107) when it exists, or cannot be made
   */
  constructor(path: DiskPath, name: string, most: number) {
    this.#name = name;
    this.#most = most;
    try {
      const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
      this.#descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
    } catch (error) {
      const sentence =
        errorCode(error) === 'EEXIST'
          ? `"${name}" exists already: name a new file, or remove this one`
          : `cannot make "${name}": ${systemReason(error)}`;
      throw new Failure(exitStatus.inputOutput, sentence, { cause: error });
    }
    this.#at = Buffer.byteLength(opening);
    this.#put(opening + closing, 0);
  }

  /** Adds events; false when they do not fit any more. @throws Failure (status 107) when they cannot be written */
  add(events: readonly TraceEvent[]): boolean {
    if (events.length === 0) return true;
    const lines = events.map((event) => `\n${JSON.stringify(event)}`).join(',');
    const text = this.#isEmpty ? lines : `,${lines}`;
    const length = Buffer.byteLength(text);
    if (this.#at + length + closing.length > this.#most) return false;
    this.#put(text + closing, this.#at);
    this.#at += length;
    this.#isEmpty = false;
    return true;
  }

  #put(text: string, position: number): void {
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
    } catch (error) {
      this.#restore();
      throw new Failure(exitStatus.inputOutput, `cannot write "${this.#name}": ${systemReason(error)}`, {
        cause: error,
      });
    }
  }

  /** Leaves what was complete, as on a full disk: the closing was there before. */
  #restore(): void {
    try {
      writeSync(this.#descriptor, closing, this.#at);
      ftruncateSync(this.#descriptor, this.#at + closing.length);
    } catch {
      // The error that has led here is reported.
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
