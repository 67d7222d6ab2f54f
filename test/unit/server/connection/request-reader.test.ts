import { getEventListeners, once } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientStream } from '../../../../src/server/connection/client-stream.ts';
import { receiveMessage } from '../../../../src/server/connection/request-reader.ts';
import { ByteBudget } from '../../../../src/server/limits/byte-budget.ts';
import type { BudgetAccount } from '../../../../src/server/limits/byte-budget.ts';
import { PaceCheck } from '../../../../src/server/limits/transfer-pace.ts';
import { clientGone } from '../../../../src/server/policy/refusal.ts';
import { encodeRequestHead, readArrivingRequest } from '../../../../src/wire/request.ts';
import type { ArrivedRequest } from '../../../../src/wire/request.ts';
import { encodeToken } from '../../../../src/wire/token.ts';

const mebibyte = 1024 * 1024;
const silence = 1234;
const pace = { bytesPerSecond: 1000, windowMs: 4000 };
const head = encodeRequestHead({ version: 1, argv: ['gcc', '-c', 'a.c', '-o', 'a.o'] });

/** A client whose bytes come when the test says so. */
class Client extends Duplex implements ClientStream {
  timeout = silence;

  override _read(): void {}

  setTimeout(milliseconds: number): this {
    this.timeout = milliseconds;
    return this;
  }

  says(...chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.emit('data', chunk);
  }
}

describe('receiveMessage()', () => {
  let client: Client;
  let budget: ByteBudget;
  let account: BudgetAccount;
  let over: AbortController;
  let now: number;
  let heard: number;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    // Reading takes no time, unless the test says so.
    vi.spyOn(performance, 'now').mockReturnValue(0);
    client = new Client();
    budget = new ByteBudget({ total: 4 * mebibyte, overdraft: 0 });
    account = budget.open('somebody', () => {});
    over = new AbortController();
    now = 0;
    heard = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Reads a request; the result tells how that ended. */
  function receive(): { end: ArrivedRequest | Error | undefined; readonly done: Promise<void> } {
    const paceCheck = new PaceCheck(pace, () => now);
    const { largest } = budget;
    const means = { account, largest, paceCheck, signal: over.signal, heard: () => void (heard += 1) };
    const promise = receiveMessage(client, readArrivingRequest(), means).then(({ value }) => value);
    const result: { end: ArrivedRequest | Error | undefined; done: Promise<void> } = {
      end: undefined,
      done: promise.then(
        (request) => void (result.end = request),
        (error: unknown) => void (result.end = error as Error),
      ),
    };
    return result;
  }

  /** Lets time go by, in which somebody looks four times a window. */
  async function pass(milliseconds: number): Promise<void> {
    for (let gone = 0; gone < milliseconds; gone += pace.windowMs / 4) {
      now += pace.windowMs / 4;
      await vi.advanceTimersByTimeAsync(pace.windowMs / 4);
    }
  }

  /** Nothing of the reading is left. */
  function expectNothingLeft(): void {
    expect(['data', 'end', 'close'].map((name) => client.listenerCount(name))).toEqual([0, 0, 0]);
    expect(getEventListeners(over.signal, 'abort')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  }

  it('gives a request as soon as it is whole, and leaves the connection alone', async () => {
    const result = receive();
    client.says(head, Buffer.from('DOTI00000003'), Buffer.from('in'));
    expect(client.listenerCount('data')).toBe(1);
    client.says(Buffer.from('t'));
    await result.done;
    expectNothingLeft();
    expect(result.end).toMatchObject({ version: 1, argv: ['gcc', '-c', 'a.c', '-o', 'a.o'], source: { length: 3 } });
    over.abort(new Error('too late'));
  });

  it.each<readonly [string, () => void]>([
    ['end', () => client.push(null)],
    ['close', () => client.destroy()],
  ])('hears of the %s of a client that came while nobody read', async (event, go) => {
    const came = once(client, event);
    go();
    // A paused connection without data tells its end, too.
    client.pause().read(0);
    await came;
    const result = receive();
    await result.done;
    expect(result.end).toBeInstanceOf(Error);
    expectNothingLeft();
  });

  it('tells of the first bytes, once', () => {
    void receive();
    expect(heard).toBe(0);
    client.says(head.subarray(0, 1));
    expect(heard).toBe(1);
    client.says(head.subarray(1));
    expect(heard).toBe(1);
  });

  it.each<readonly [string, () => void, string]>([
    ['ends', () => client.emit('end'), 'the connection ended after'],
    ['is closed', () => client.emit('close'), clientGone.message],
    ['is given up', () => over.abort(new Error('given up')), 'given up'],
    ['says nonsense', () => client.says(Buffer.from('GET / HTTP/1.0\r\n')), 'expected token'],
  ])('fails when the connection %s', async (_, happen, sentence) => {
    const result = receive();
    happen();
    await result.done;
    expect(result.end).toMatchObject({ message: expect.stringContaining(sentence) as unknown });
    expectNothingLeft();
  });

  it('does not begin when it was given up before', async () => {
    over.abort(new Error('given up'));
    const result = receive();
    await result.done;
    expect(result.end).toMatchObject({ message: 'given up' });
    expectNothingLeft();
  });

  it('refuses what is larger than all memory, before it comes', async () => {
    const most = budget.largest + 64 * 1024 - head.length - 12;
    const fits = receive();
    client.says(head, encodeToken('DOTI', most));
    await Promise.resolve();
    expect([fits.end, client.isPaused()]).toEqual([undefined, false]);
    client.emit('close');
    await fits.done;
    const result = receive();
    client.says(head, encodeToken('DOTI', most + 1));
    await result.done;
    const bytes = budget.largest + 64 * 1024 + 1;
    const sentence = `the request has ${bytes} bytes, more than this server has memory for: raise --max-memory`;
    expect(result.end).toMatchObject({ name: 'Overload', message: sentence });
  });

  it('takes memory in steps as the bytes come, and none for a short request', () => {
    void receive();
    client.says(head, encodeToken('DOTI', 1.5 * mebibyte));
    expect(account.lent).toBe(mebibyte);
    client.says(Buffer.alloc(1000));
    expect(account.lent).toBe(mebibyte);
    client.says(Buffer.alloc(mebibyte - 1000));
    expect(account.lent).toBe(1.5 * mebibyte - 64 * 1024 + head.length + 12);
    client.emit('close');
    account.close();
    void receive();
    client.says(head, encodeToken('DOTI', 1000));
    expect(account.lent).toBe(0);
  });

  describe('after some work', () => {
    /** Reading a chunk takes this many ms. */
    function reading(milliseconds: number): void {
      let clock = 0;
      let calls = 0;
      // Each chunk looks twice at the clock.
      vi.spyOn(performance, 'now').mockImplementation(() => (clock += calls++ % 2 === 0 ? 0 : milliseconds));
    }

    it('lets others have their turn, and continues', async () => {
      reading(2);
      void receive();
      client.resume();
      for (const paused of [false, false, true]) {
        client.says(head.subarray(0, 0));
        expect(client.isPaused()).toBe(paused);
      }
      await turn();
      expect(client.isPaused()).toBe(false);
      client.says(Buffer.alloc(0), Buffer.alloc(0));
      expect(client.isPaused()).toBe(false);
      client.says(Buffer.alloc(0));
      expect(client.isPaused()).toBe(true);
    });

    it('lets the client wait on when memory is short meanwhile', async () => {
      const other = budget.open('somebody', () => {});
      other.tryTake(2 * mebibyte);
      reading(10);
      void receive();
      client.says(head, encodeToken('DOTI', mebibyte));
      expect(client.isPaused()).toBe(true);
      await turn();
      await turn();
      expect(client.isPaused()).toBe(true);
      other.close();
      expect(client.isPaused()).toBe(false);
    });

    it('pauses the client no longer than it waits for memory', async () => {
      const other = budget.open('somebody', () => {});
      other.tryTake(2 * mebibyte);
      reading(10);
      void receive();
      client.says(Buffer.concat([head, encodeToken('DOTI', mebibyte)]));
      other.close();
      const resume = vi.spyOn(client, 'resume');
      await turn();
      expect([client.isPaused(), resume.mock.calls.length]).toEqual([false, 0]);
    });
  });

  describe('without memory', () => {
    let other: BudgetAccount;
    beforeEach(() => {
      other = budget.open('somebody', () => {});
      other.tryTake(2 * mebibyte);
    });

    it('waits with the client paused, whose silence counts again afterwards', async () => {
      const result = receive();
      client.says(head, encodeToken('DOTI', mebibyte));
      expect([client.isPaused(), client.timeout, account.lent]).toEqual([true, 0, 0]);
      // It is not the client that is slow.
      await pass(3 * pace.windowMs);
      expect(result.end).toBe(undefined);
      other.close();
      expect([client.isPaused(), client.timeout]).toEqual([false, silence]);
      expect(account.lent).toBeGreaterThan(0);
      await pass(3 * pace.windowMs);
      expect(result.end).toMatchObject({ name: 'Overdue', message: 'the request came too slowly' });
    });

    it('wants no more when it is given up', async () => {
      const result = receive();
      client.says(head, encodeToken('DOTI', mebibyte));
      over.abort(new Error('given up'));
      await result.done;
      other.close();
      expect([result.end?.constructor, account.lent, budget.used]).toEqual([Error, 0, 0]);
    });
  });

  it('closes a client that stops after it has got more memory than others have, at once', async () => {
    budget = new ByteBudget({ total: 2 * mebibyte, overdraft: 4 * mebibyte });
    account = budget.open('somebody', () => {});
    const result = receive();
    client.says(head, encodeToken('DOTI', 3 * mebibyte), Buffer.alloc(mebibyte));
    expect([account.lent, client.isPaused(), client.timeout]).toEqual([5 * mebibyte, false, silence]);
    await pass(2 * pace.windowMs);
    expect(result.end).toMatchObject({ name: 'Overdue', message: 'the request came too slowly' });
  });

  it('closes a client whose source comes too slowly, or not at all', async () => {
    const result = receive();
    client.says(head, encodeToken('DOTI', mebibyte));
    await pass(pace.windowMs);
    client.says(Buffer.alloc(1000));
    await pass(2 * pace.windowMs);
    expect(result.end).toMatchObject({ name: 'Overdue', message: 'the request came too slowly' });
    expectNothingLeft();
  });

  it('does not hurry a client before its source, nor one that is fast enough', async () => {
    const result = receive();
    client.says(head);
    await pass(5 * pace.windowMs);
    client.says(encodeToken('DOTI', mebibyte));
    for (let windows = 0; windows < 5; windows += 1) {
      await pass(pace.windowMs / 2);
      client.says(Buffer.alloc((pace.bytesPerSecond * pace.windowMs) / 1000));
      await pass(pace.windowMs / 2);
    }
    expect(result.end).toBe(undefined);
  });
});
