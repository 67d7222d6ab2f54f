import type { Readable, Writable } from 'node:stream';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { Decoder } from '../wire/decoder.ts';
import { refusalMark } from '../wire/refusal.ts';
import { systemReason } from '../system/error-text.ts';
import { JobRefused, TransportError } from './faults.ts';

/** A way to one server for one job; what fails there or on the way is a TransportError. */
export interface Connection {
  /** Resolves when the operating system has taken all bytes. */
  send(chunks: readonly Buffer[]): Promise<void>;
  /** Reads one message, also while something is sent; `begun` is called at its first byte. */
  receive<T>(decoder: Decoder<T>, begun: () => void): Promise<T>;
  /** Ends the connection; whatever waits for it fails. */
  close(): void;
}

/** The two directions of a connection, which may be one stream, and how both end. */
export interface Streams {
  readonly readable: Readable;
  readonly writable: Writable;
  /** Hands pieces to the operating system past the queue, which is empty; gives how many bytes it took. */
  writeNow?(this: void, pieces: readonly Buffer[]): number;
  /** Ends both; `broken` when the peer may still be at work. */
  destroy(this: void, broken: boolean): void;
}

/** What is handed to the operating system at once: each piece it takes counts as progress. */
const pieceSize = 256 * 1024;

const silentServer =
  'server provided no answer. Is the server configured to allow access from your IP address? ' +
  'Does the server have the compiler installed, and may it run it?';

function piecesOf(chunks: readonly Buffer[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += pieceSize) pieces.push(chunk.subarray(start, start + pieceSize));
  }
  return pieces;
}

/** What is left of chunks when this many bytes have been sent. */
function after(chunks: readonly Buffer[], sent: number): readonly Buffer[] {
  let passed = 0;
  return chunks.flatMap((chunk) => {
    const from = Math.min(chunk.length, Math.max(0, sent - passed));
    passed += chunk.length;
    return from === chunk.length ? [] : [chunk.subarray(from)];
  });
}

/** What is said of a connection that ended; a server that refuses a client just closes, and the user needs to know what that means. */
export function lostConnection(reason: string, answered: boolean, silence = silentServer): TransportError {
  return new TransportError(answered ? reason : `${silence} (${reason})`);
}

/** What is said of an answer that cannot be read. */
export function badAnswer(error: ProtocolError, answered: boolean, silence = silentServer): TransportError {
  if (error.kind === 'refused') return new JobRefused(error.message.replace(refusalMark, ''), { cause: error });
  const reason = answered ? `bad answer from server: ${error.message}` : 'the connection was closed';
  return lostConnection(reason, answered, silence);
}

const givenUp = (): TransportError => new TransportError('the connection was given up');

/** Ends a wait. */
type Fail = (error: unknown) => void;

/** The state of one connection. */
class StreamConnection implements Connection {
  readonly #streams: Streams;
  readonly #idleSeconds: number;
  readonly #silence: string;
  readonly #senders = new Set<Fail>();
  readonly #receivers = new Set<Fail>();
  #timer: NodeJS.Timeout | undefined;
  #fault: unknown;
  #closed = false;
  #answered = false;
  #complete = false;

  constructor(streams: Streams, idleSeconds: number, silence: string) {
    this.#streams = streams;
    this.#idleSeconds = idleSeconds;
    this.#silence = silence;
    const { readable, writable } = streams;
    readable.on('error', (error) => this.#break(this.#lost(systemReason(error))));
    readable.on('close', () => {
      if (!this.#closed) this.#break(this.#lost('the connection was closed'));
    });
    if (Object.is(readable, writable)) return;
    // A peer that takes no more bytes may still be sending its answer: then only what is being sent fails.
    writable.on('error', (error) => this.#stopSending(this.#lost(systemReason(error))));
    writable.on('close', () => this.#stopSending(this.#lost('the connection was closed')));
  }

  send(chunks: readonly Buffer[]): Promise<void> {
    return this.#converse(this.#senders, (done) => {
      const { writable, writeNow } = this.#streams;
      const sent = writable.writableLength === 0 ? (writeNow?.(chunks) ?? 0) : 0;
      const pieces = piecesOf(after(chunks, sent));
      if (pieces.length === 0) done();
      writable.cork();
      for (const [index, piece] of pieces.entries()) {
        writable.write(piece, () => {
          this.#timer?.refresh();
          if (index === pieces.length - 1) done();
        });
      }
      writable.uncork();
    });
  }

  receive<T>(decoder: Decoder<T>, begun: () => void): Promise<T> {
    return this.#converse<T>(this.#receivers, (done) => {
      const take = (act: () => void): void => {
        try {
          act();
          if (decoder.result === undefined) return;
          // An answer that says it is shorter than it is was not meant like that; later bytes are not waited for.
          if (decoder.surplus > 0) throw new ProtocolError('malformed', 'more bytes came after its end');
          this.#complete = true;
          done(decoder.result.value);
        } catch (error) {
          const fault = error instanceof ProtocolError ? badAnswer(error, this.#answered, this.#silence) : error;
          this.#break(fault);
        }
      };
      this.#streams.readable.on('data', (chunk: Buffer) => {
        this.#timer?.refresh();
        if (!this.#answered) begun();
        this.#answered = true;
        take(() => decoder.feed(chunk));
      });
      this.#streams.readable.on('end', () => take(() => decoder.end()));
    });
  }

  close(): void {
    if (this.#fault !== undefined) return;
    // An error remembers where it was made, which costs more than closing: it is made when somebody waits for the connection.
    if (this.#senders.size + this.#receivers.size === 0) this.#end();
    else this.#break(givenUp());
  }

  #lost(reason: string): TransportError {
    return lostConnection(reason, this.#answered, this.#silence);
  }

  #break(error: unknown): void {
    if (this.#fault !== undefined || this.#closed) return;
    this.#fault = error;
    this.#end();
    for (const fail of [...this.#senders, ...this.#receivers]) fail(error);
  }

  #end(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#streams.destroy(!this.#complete);
  }

  #stopSending(error: TransportError): void {
    for (const fail of this.#senders) fail(error);
  }

  async #converse<T>(group: Set<Fail>, talk: (done: (value: T) => void) => void): Promise<T> {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#closed) throw givenUp();
    let fail: Fail = () => {};
    const talked = new Promise<T>((resolve, reject) => {
      fail = reject;
      group.add(fail);
      talk(resolve);
    });
    this.#timer ??= setTimeout(() => {
      this.#break(this.#lost(`IO timeout: no byte was moved for ${this.#idleSeconds} s`));
    }, this.#idleSeconds * 1000);
    try {
      return await talked;
    } finally {
      group.delete(fail);
      if (this.#senders.size + this.#receivers.size === 0) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
    }
  }
}

/**
 * Speaks over streams; `idleSeconds` without a byte in either direction, while something is awaited, is a failure. `silence` says what the
 * user has to look at when no answer comes.
 */
export function connectionOver(streams: Streams, idleSeconds: number, silence = silentServer): Connection {
  return new StreamConnection(streams, idleSeconds, silence);
}
