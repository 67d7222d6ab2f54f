import type { Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { kinds, encodeCommand, encodeExit, encodeFrame, encodeWrite, readEnded, readFailed } from './messages.ts';
import type { CommandMessage, Frame } from './messages.ts';

/** The launcher could not start a program; the message is the reason in the C library's words. */
export class NotStarted extends Error {
  constructor(errorNumber: number) {
    const text = getSystemErrorMap().get(-errorNumber)?.[1] ?? `error ${errorNumber}`;
    super(text.charAt(0).toUpperCase() + text.slice(1));
    this.name = 'NotStarted';
  }
}

interface Waiting {
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
}

/** The process that the build system started, at the other end of its connection. */
export class Launcher {
  readonly #socket: Socket;
  readonly #gone = new AbortController();
  /** Programs that it was told to start, in that order: it runs one at a time. */
  readonly #running: Waiting[] = [];
  #failure: NotStarted | undefined;
  #becoming: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

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
      this.#failure = new NotStarted(readFailed(content));
      if (this.#becoming === undefined) return;
      const { reject } = this.#becoming;
      this.#becoming = undefined;
      reject(this.#failure);
    } else if (kind === kinds.ENDED) {
      const waiting = this.#running.shift();
      if (this.#failure === undefined) waiting?.resolve(readEnded(content));
      else waiting?.reject(this.#failure);
      this.#failure = undefined;
    }
  }

  /** Its connection is closed, by itself or, after it became a compiler, by that compiler's end. */
  close(): void {
    for (const { reject } of this.#running.splice(0)) reject(new Error('the launcher is gone'));
    if (this.#becoming === undefined) this.#gone.abort();
    else this.#becoming.resolve();
  }

  /** Writes to one of its descriptors. */
  write(descriptor: number, bytes: Buffer): void {
    if (bytes.length > 0) this.#say(encodeWrite(descriptor, bytes));
  }

  /** Starts a program there; gives its raw Unix wait status. @throws NotStarted */
  start(kind: 'PREPROCESS' | 'RUN', command: CommandMessage): Promise<number> {
    this.#say(encodeCommand(kind, command));
    return new Promise((resolve, reject) => {
      this.#running.push({ resolve, reject });
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
    this.#socket.end(encodeExit(status));
  }

  /** Has it do the job without us. */
  giveBack(): void {
    this.#socket.end(encodeFrame(kinds.NODE_INSTEAD));
  }

  #say(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }
}
