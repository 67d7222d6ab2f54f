import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ClientStream } from '../../../../src/server/connection/client-stream.ts';
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
});
