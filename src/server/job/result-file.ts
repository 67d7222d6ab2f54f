import { close, closeSync, constants, fstatSync, lstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { limits } from '../../wire/limits.ts';
import { Refusal } from '../policy/refusal.ts';

const readLater = promisify(read);

/** The system takes its time over the bytes of a file of at least this length. */
export const largeFile = 1024 * 1024;

/** An open file, for as long as some part of it is wanted. */
class OpenFile {
  readonly descriptor: number;
  readonly #letGo: ((length: number) => void) | undefined;
  #users: number;

  constructor(descriptor: number, users: number, letGo?: (length: number) => void) {
    this.descriptor = descriptor;
    this.#users = users;
    this.#letGo = letGo;
  }

  /** Another thread closes a large one. */
  release(length: number): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    if (this.#letGo !== undefined) this.#letGo(length);
    else if (length < largeFile) closeSync(this.descriptor);
    else close(this.descriptor);
  }
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A file that a compiler wrote, kept open: it outlives its folder, and disappears with its last descriptor. */
export class ResultFile {
  readonly length: number;
  readonly #bytes: Buffer | undefined;
  #file: OpenFile | undefined;
  /** Where it begins in the file. */
  readonly #start: number = 0;

  private constructor(
    length: number,
    content: { readonly bytes: Buffer } | { readonly file: OpenFile; readonly start: number },
  ) {
    this.length = length;
    if ('bytes' in content) this.#bytes = content.bytes;
    else {
      this.#file = content.file;
      this.#start = content.start;
    }
  }

  /** Bytes in place of a file. */
  static of(bytes: Buffer): ResultFile {
    return new ResultFile(bytes.length, { bytes });
  }

  /** An empty file. */
  static readonly empty = ResultFile.of(Buffer.alloc(0));

  /**
   * Opens a file. A missing one counts as empty, as in distcc, which makes the files beforehand.
   * @throws Refusal when it is not a regular file, since the compiler may have made a link or a pipe, or is too large
   */
  static open(path: string, what: string): ResultFile {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || (found.isFile() && found.size === 0)) return ResultFile.empty;
    if (!found.isFile()) throw notPlain(what);
    const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const about = fstatSync(descriptor);
    const refusal = about.isFile() ? tooLarge(what, about.size) : notPlain(what);
    if (refusal === undefined) return new ResultFile(about.size, { file: new OpenFile(descriptor, 1), start: 0 });
    closeSync(descriptor);
    throw refusal;
  }

  /**
   * All of an open regular file. `letGo` is called with its length when nobody wants it any more, at once when it is
   * empty.
   * @throws Refusal when it is too large
   */
  static ofDescriptor(descriptor: number, what: string, letGo: (length: number) => void): ResultFile {
    const { size } = fstatSync(descriptor);
    const refusal = tooLarge(what, size);
    if (refusal === undefined && size > 0)
      return new ResultFile(size, { file: new OpenFile(descriptor, 1, letGo), start: 0 });
    letGo(size);
    if (refusal !== undefined) throw refusal;
    return ResultFile.empty;
  }

  /**
   * Parts of an open file that lie one after the other from `start` on. The descriptor is theirs: it is closed with the
   * last of them.
   */
  static partsOf<Lengths extends readonly number[]>(
    descriptor: number,
    start: number,
    lengths: Lengths,
  ): { -readonly [At in keyof Lengths]: ResultFile } {
    const file = new OpenFile(descriptor, lengths.length);
    let next = start;
    const parts = lengths.map((length) => {
      const part = new ResultFile(length, { file, start: next });
      next += length;
      return part;
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a part for each length
    return parts as { -readonly [At in keyof Lengths]: ResultFile };
  }

  /** Reads the whole of a small file. */
  read(): Buffer {
    if (this.#bytes !== undefined) return this.#bytes;
    const bytes = Buffer.allocUnsafe(this.length);
    let filled = 0;
    while (filled < bytes.length && this.#file !== undefined) {
      const at = this.#start + filled;
      const count = readSync(this.#file.descriptor, bytes, filled, bytes.length - filled, at);
      if (count === 0) throw cutShort();
      filled += count;
    }
    return bytes;
  }

  /** Reads the file in pieces of at most `length` bytes; each is valid until the next one is asked for. */
  async *pieces(length: number): AsyncGenerator<Buffer, void, void> {
    if (this.#bytes !== undefined) {
      yield this.#bytes;
      return;
    }
    const buffer = Buffer.allocUnsafeSlow(Math.min(length, this.length));
    let at = 0;
    while (at < this.length) {
      const wanted = Math.min(buffer.length, this.length - at);
      if (this.#file === undefined) throw cutShort();
      const { bytesRead } = await readLater(this.#file.descriptor, buffer, 0, wanted, this.#start + at);
      if (bytesRead === 0) throw cutShort();
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** Closes the file, in another thread when it is large: freeing its blocks takes the system some time. */
  close(): void {
    const file = this.#file;
    this.#file = undefined;
    file?.release(this.length);
  }
}

const notPlain = (what: string): Refusal =>
  new Refusal('unusable_output', `the ${what} of the compiler is not a plain file: compile this file locally`);

const tooLarge = (what: string, size: number): Refusal | undefined =>
  size <= limits.bodyLength
    ? undefined
    : new Refusal(
        'unusable_output',
        `the ${what} of the compiler is larger than ${limits.bodyLength} bytes: compile this file locally`,
      );

const cutShort = (): Error => new Error('a file of the compiler became shorter while it was sent');
