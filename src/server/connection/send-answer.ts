import { Socket } from 'node:net';
import { limitUnsent } from '../../system/descriptors/unsent-limit.ts';
import type { Answer } from '../job/answer.ts';
import type { ClientStream } from './client-stream.ts';
import { Progress } from '../limits/progress.ts';
import { clientGone } from '../policy/refusal.ts';

/**
 * How much is handed over at a time, in bytes: what a slow client takes within one window of its progress has to be
 * seen.
 */
const portion = { quick: 32 * 1024, slow: 8 * 1024 };
/** A portion that was not taken for this long, in ms, makes the next ones short. */
const slowMs = 1000;
/** How many bytes may wait in the system. */
const unsent = 32 * 1024;

/** What a client has of time to read its answer, in ms. */
export interface Patience {
  readonly answering: number;
  /** Nothing is taken at all. */
  readonly silence: number;
}

/** Sends one answer to one client. */
export class Sending {
  readonly #socket: ClientStream;
  readonly #patience: Patience;
  readonly #progress: Progress;

  constructor(socket: ClientStream, patience: Patience, progress = new Progress()) {
    this.#socket = socket;
    this.#patience = patience;
    this.#progress = progress;
  }

  /**
   * Sends an answer whole and ends our side; whoever ends the conversation ends this too. A client that has the answer
   * may close instead of reading what comes `after` it.
   * @throws ClientGone, also when the client does not read
   */
  async send(answer: Answer, signal: AbortSignal, after?: Buffer): Promise<void> {
    const socket = this.#socket;
    const over = new AbortController();
    let handedOver = false;
    const fail = (): void => {
      socket.destroy();
      over.abort(clientGone);
    };
    const limit = setTimeout(fail, this.#patience.answering);
    socket.setTimeout(this.#patience.silence, fail);
    socket.once('close', fail);
    signal.addEventListener('abort', fail, { once: true });
    try {
      if (Symbol.asyncIterator in answer) {
        await this.#sendPieces(answer, over.signal, fail);
        handedOver = true;
        if (after !== undefined) socket.write(after);
      } else {
        socket.cork();
        for (const chunk of answer) socket.write(chunk);
        if (after !== undefined) socket.write(after, (error) => (handedOver = !error));
      }
      await this.#end(over.signal);
    } catch (error) {
      socket.destroy();
      if (after !== undefined && handedOver) return;
      throw over.signal.aborted ? clientGone : error;
    } finally {
      clearTimeout(limit);
      socket.off('close', fail);
      signal.removeEventListener('abort', fail);
    }
  }

  async #sendPieces(pieces: AsyncIterable<Buffer>, over: AbortSignal, fail: () => void): Promise<void> {
    if (this.#socket instanceof Socket) limitUnsent(this.#socket, unsent);
    this.#progress.restart();
    const watch = setInterval(() => {
      if (this.#progress.isStalled()) fail();
    }, this.#progress.periodMs);
    let length = portion.quick;
    try {
      for await (const piece of pieces) {
        for (let at = 0; at < piece.length;) {
          over.throwIfAborted();
          const bytes = piece.subarray(at, at + length);
          const began = performance.now();
          await this.#write(bytes, over);
          this.#progress.count(bytes.length);
          at += bytes.length;
          length = performance.now() - began > slowMs ? portion.slow : portion.quick;
        }
      }
    } finally {
      clearInterval(watch);
    }
  }

  /**
   * Until the bytes have left this process: a stream may keep a piece that was not too much for it, and the next one
   * comes into the same memory.
   */
  #write(piece: Buffer, over: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(clientGone);
      over.addEventListener('abort', gone, { once: true });
      this.#socket.write(piece, (error) => {
        over.removeEventListener('abort', gone);
        if (error) reject(clientGone);
        else resolve();
      });
    });
  }

  #end(over: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (over.aborted) {
        reject(clientGone);
        return;
      }
      over.addEventListener('abort', () => reject(clientGone), { once: true });
      this.#socket.end((error?: Error | null) => {
        if (error) reject(clientGone);
        else resolve();
      });
    });
  }
}
