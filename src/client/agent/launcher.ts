import type { Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { writeNow } from '../../system/socket-descriptor.ts';
import { kinds, encodeCommand, encodeExit, encodeFrame, encodeWrite, readEnded, readFailed } from './messages.ts';
import type { CommandMessage, EndedMessage, Frame } from './messages.ts';

/** A launcher could not start a program; the message is the reason in the C library's words. */
export class NotStarted extends Error {
  constructor(errorNumber: number) {
    const text = getSystemErrorMap().get(-errorNumber)?.[1] ?? `error ${errorNumber}`;
    super(text.charAt(0).toUpperCase() + text.slice(1));
    this.name = 'NotStarted';
  }
}

/** Bytes for a descriptor go in messages of at most this length: a launcher refuses a message above its limit. */
const writePiece = 1024 * 1024;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** The process that the build system started, at the other end of its connection. */
export class Launcher {
  readonly #socket: Socket;
  readonly #gone = new AbortController();
  /** Those who wait for the programs that it was told to start: it runs one at a time, in the order it was told. */
  readonly #running: Waiting<EndedMessage>[] = [];
  #text: Waiting<Buffer> | undefined;
  #becoming: Waiting<void> | undefined;
  #finished = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Comes when it has gone before its job was done: the user interrupted it, or it was killed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Takes what it says. */
  hear({ kind, content }: Frame): void {
    if (kind === kinds.FAILED) {
      const reason = readFailed(content);
      const becoming = this.#becoming;
      this.#becoming = undefined;
      becoming?.reject(new NotStarted(reason));
    } else if (kind === kinds.ENDED) {
      // A message that cannot be read throws before anybody is forgotten: close() then ends every wait.
      const ended = readEnded(content);
      const running = this.#running.shift();
      // A wait status has 16 bits; above them stands why there is none.
      if (ended.status > 0xffff) running?.reject(new NotStarted(ended.status >>> 16));
      else running?.resolve(ended);
    } else if (kind === kinds.TEXT) {
      this.#text?.resolve(content);
      this.#text = undefined;
    }
  }

  /** Its connection is closed, by itself or, after it became a compiler, by that compiler's end. */
  close(): void {
    for (const waiting of [...this.#running.splice(0), this.#text]) waiting?.reject(new Error('the launcher is gone'));
    if (this.#becoming !== undefined) this.#becoming.resolve();
    else if (!this.#finished) this.#gone.abort();
  }

  /** Writes to one of its descriptors. */
  write(descriptor: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += writePiece)
      this.#say(encodeWrite(descriptor, bytes.subarray(at, at + writePiece)));
  }

  /** Has it start a program and wait for it. @throws NotStarted */
  start(kind: 'PREPROCESS' | 'RUN', command: CommandMessage): Promise<EndedMessage> {
    this.#say(encodeCommand(kind, command));
    return new Promise((resolve, reject) => {
      this.#running.push({ resolve, reject });
    });
  }

  /** Has it send what the preprocessor wrote. */
  sendText(): Promise<Buffer> {
    this.#say(encodeFrame(kinds.SEND_TEXT));
    return new Promise((resolve, reject) => {
      this.#text = { resolve, reject };
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

  /**
   * Closes the connection too, which costs less than to be woken by its other end. Not where a message is still to come: a launcher that
   * cannot send it takes us for dead, and does the job again before it reads how to end.
   */
  #finish(bytes: Buffer): void {
    this.#finished = true;
    this.#say(bytes);
    if (this.#running.length > 0 || this.#text !== undefined) return;
    setImmediate(() => {
      if (this.#socket.writableLength === 0) this.#socket.destroy();
      else this.#socket.destroySoon();
    });
  }

  #say(bytes: Buffer): void {
    if (!this.#socket.writable) return;
    const sent = this.#socket.writableLength === 0 ? writeNow(this.#socket, bytes) : 0;
    if (sent < bytes.length) this.#socket.write(bytes.subarray(sent));
  }
}
