import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ClientStream } from '../../../../src/server/connection/client-stream.ts';
import type { Answer } from '../../../../src/server/job/answer.ts';
import { clientGone } from '../../../../src/server/policy/refusal.ts';
import { Sending } from '../../../../src/server/connection/send-answer.ts';

/** A client that takes what it is sent later; like a socket of a newer Node it keeps some pieces meanwhile. */
class SlowClient extends Duplex implements ClientStream {
  readonly taken: Buffer[] = [];

  constructor() {
    super({ writableHighWaterMark: 64 * 1024 });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    setTimeout(() => {
      this.taken.push(Buffer.from(chunk));
      done();
    }, 1);
  }

  setTimeout(): this {
    return this;
  }
}

/** A client that closes as soon as it has a text, without looking at what follows. */
class HastyClient extends SlowClient {
  readonly #until: string;

  constructor(until: string) {
    super();
    this.#until = until;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.taken.push(Buffer.from(chunk));
    done();
    if (Buffer.concat(this.taken).includes(this.#until)) this.destroy(new Error('reset by the client'));
  }
}

describe('Sending', () => {
  it('asks for the next piece once the last one has left, since both may be in the same memory', async () => {
    const client = new SlowClient();
    const memory = Buffer.alloc(1024);
    async function* pieces(): AsyncGenerator<Buffer, void, void> {
      for (let at = 0; at < 20; at += 1) {
        await Promise.resolve();
        yield memory.fill(at);
      }
    }
    await new Sending(client, { answering: 60_000, silence: 60_000 }).send(pieces(), new AbortController().signal);
    expect(client.taken.map(({ 0: first }) => first)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  });

  const patience = { answering: 60_000, silence: 60_000 };
  async function* inPieces(): AsyncGenerator<Buffer, void, void> {
    await Promise.resolve();
    yield Buffer.from('answer');
  }

  it.each([
    ['at once', (): Answer => [Buffer.from('answer')]],
    ['in pieces', (): Answer => inPieces()],
  ])('is done when the client has the answer and closes in front of what comes after it: %s', async (_, answer) => {
    const send = (until: string, after?: string): Promise<void> => {
      const client = new HastyClient(until);
      client.on('error', () => {});
      const sending = new Sending(client, patience);
      return sending.send(answer(), new AbortController().signal, after === undefined ? undefined : Buffer.from(after));
    };
    await send('offer', 'offer');
    // Without an offer, or in front of the end of the answer, it has left.
    await expect(send('answer')).rejects.toBe(clientGone);
    await expect(send('ans', undefined)).rejects.toBe(clientGone);
  });
});
