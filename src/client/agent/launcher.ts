import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { kinds, encodeCommand, encodeExit, encodeFrame, encodeWrite, readEnded, readFailed } from './messages.ts';
import type { CommandMessage, Frame } from './messages.ts';
import { TextReader } from './text-reader.ts';
import type { EndedText } from './text-reader.ts';

/** A launcher could not start a program; the message is the reason in the C library's words. */
export class NotStarted extends Error {
  constructor(errorNumber: number) {
    const text = getSystemErrorMap().get(-errorNumber)?.[1] ?? `error ${errorNumber}`;
    super(text.charAt(0).toUpperCase() + text.slice(1));
    this.name = 'NotStarted';
  }
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** A wait status has 16 bits; above them stands why there is none. */
function endOf(status: number, { resolve, reject }: Waiting<number>): void {
  if (status > 0xffff) reject(new NotStarted(status >>> 16));
  else resolve(status);
}

let last = randomBytes(4).readUInt32LE();

/** A number that no preprocessor can know, since none sees another one: its output would otherwise end where it says so. */
function unguessable(): number {
  last = (last + 1) >>> 0;
  return last;
}

/** The process that the build system started, at the other end of its connection. */
export class Launcher {
  readonly #socket: Socket;
  readonly #gone = new AbortController();
  /** The program that it was told to start: it runs one at a time. */
  #running: Waiting<number> | undefined;
  #becoming: Waiting<void> | undefined;
  #text: { readonly reader: TextReader; readonly done: (ended: EndedText) => void } | undefined;
  #finished = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Comes when it has gone before its job was done: the user interrupted it, or it was killed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Takes bytes that are no message but a preprocessor's output; says whether they are. */
  takeText(chunk: Buffer): boolean {
    if (this.#text === undefined) return false;
    const ended = this.#text.reader.feed(chunk);
    if (ended === undefined) return true;
    const { done } = this.#text;
    this.#text = undefined;
    done(ended);
    return true;
  }

  /** Takes what it says. */
  hear({ kind, content }: Frame): void {
    if (kind === kinds.FAILED) {
      const becoming = this.#becoming;
      this.#becoming = undefined;
      becoming?.reject(new NotStarted(readFailed(content)));
    } else if (kind === kinds.ENDED) {
      const running = this.#running;
      this.#running = undefined;
      if (running !== undefined) endOf(readEnded(content), running);
    }
  }

  /** Its connection is closed, by itself or, after it became a compiler, by that compiler's end. */
  close(): void {
    this.#running?.reject(new Error('the launcher is gone'));
    this.#running = undefined;
    if (this.#becoming !== undefined) this.#becoming.resolve();
    else if (!this.#finished) this.#gone.abort();
  }

  /** Writes to one of its descriptors. */
  write(descriptor: number, bytes: Buffer): void {
    if (bytes.length > 0) this.#say(encodeWrite(descriptor, bytes));
  }

  /** Has it start a preprocessor; gives what that wrote, and its raw Unix wait status. @throws NotStarted */
  preprocess(command: Omit<CommandMessage, 'number'>): Promise<EndedText> {
    const number = unguessable();
    this.#say(encodeCommand('PREPROCESS', { number, ...command }));
    return new Promise((resolve, reject) => {
      this.#running = { resolve: () => {}, reject };
      const done = (ended: EndedText): void => {
        this.#running = undefined;
        endOf(ended.status, { resolve: () => resolve(ended), reject });
      };
      this.#text = { reader: new TextReader(number), done };
    });
  }

  /** Has it run a program; gives its raw Unix wait status. @throws NotStarted */
  run(command: CommandMessage): Promise<number> {
    this.#say(encodeCommand('RUN', command));
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject };
    });
  }

  /** Has it become a program; comes back when that has ended, however that was. @throws NotStarted */
  become(command: CommandMessage): Promise<void> {
    this.#say(encodeCommand('EXEC', command));
    return new Promise((resolve, reject) => {
      this.#becoming = { resolve, reject };
    });
  }

  /** Ends it with a raw Unix wait status. */
  exit(status: number): void {
    this.#finish(encodeExit(status));
  }

  /** Has it do the job without us. */
  giveBack(): void {
    this.#finish(encodeFrame(kinds.NODE_INSTEAD));
  }

  /** It closes the connection itself: closing our half too would only cost a system call. */
  #finish(bytes: Buffer): void {
    this.#finished = true;
    this.#say(bytes);
  }

  #say(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }
}
