import { Socket } from 'node:net';
import { limitUnsent } from '../../system/descriptors/unsent-limit.ts';
import type { Answer } from '../job/answer.ts';
import type { ClientStream } from './client-stream.ts';
import { PaceCheck } from '../limits/transfer-pace.ts';
import { clientGone } from '../policy/refusal.ts';

/**
 * How many bytes are written at a time. For a slow client they are few, so that its progress can be seen within one
 * window.
 */
const portion = { quick: 32 * 1024, slow: 8 * 1024 };
/** After a portion that took longer than this, in ms, the next ones are short. */
const slowMs = 1000;
/** How many unsent bytes the kernel may hold. */
const unsent = 32 * 1024;

/** How long a client may take to read its answer, in ms. */
export interface Patience {
  readonly answering: number;
  /** Without reading anything. */
  readonly silence: number;
}

/** Sends one answer to one client. */
export class Sending {
  readonly #socket: ClientStream;
  readonly #patience: Patience;
  readonly #paceCheck: PaceCheck;

  constructor(socket: ClientStream, patience: Patience, paceCheck = new PaceCheck()) {
    this.#socket = socket;
    this.#patience = patience;
    this.#paceCheck = paceCheck;
  }

  /**
   * Sends a whole answer and ends our side of the connection. Ending the conversation ends this too. A client
   * that has the answer may close instead of reading what comes `after` it.
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
    this.#paceCheck.restart();
    const watch = setInterval(() => {
      if (this.#paceCheck.isTooSlow()) fail();
    }, this.#paceCheck.periodMs);
    let length = portion.quick;
    try {
      for await (const piece of pieces) {
        for (let at = 0; at < piece.length;) {
          over.throwIfAborted();
          const bytes = piece.subarray(at, at + length);
          const began = performance.now();
          await this.#write(bytes, over);
          this.#paceCheck.count(bytes.length);
          at += bytes.length;
          length = performance.now() - began > slowMs ? portion.slow : portion.quick;
        }
      }
    } finally {
      clearInterval(watch);
    }
  }

  /**
   * Resolves when the bytes have left this process. A stream may still hold a piece that it has accepted, and the next
   * piece uses the same memory.
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
