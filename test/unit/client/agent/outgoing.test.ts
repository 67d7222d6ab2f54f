import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Outgoing } from '../../../../src/client/agent/outgoing.ts';
import { connectPair } from '../../../support/socket-pair.ts';

describe('Outgoing', () => {
  it('writes what is said in one turn at once, to a socket that a test plays', async () => {
    const written: string[] = [];
    const played = { writable: true, writableLength: 0, write: (bytes: Buffer) => written.push(bytes.toString()) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is used of it
    const outgoing = new Outgoing(played as unknown as Socket);
    for (const text of ['one ', 'two ']) outgoing.say(Buffer.from(text));
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.resolve();
    outgoing.say(Buffer.from('three '));
    void Promise.resolve().then(() => outgoing.say(Buffer.from('four')));
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(['one two ', 'three four']);
  });

  it('ends the connection after all that was said', async () => {
    const pair = await connectPair({});
    try {
      let heard = 0;
      pair.called.on('data', (chunk: Buffer) => (heard += chunk.length));
      const outgoing = new Outgoing(pair.caller);
      for (const length of [1, 3_000_000, 5]) outgoing.say(Buffer.alloc(length));
      outgoing.end();
      await once(pair.called, 'close');
      expect(heard).toBe(3_000_006);
    } finally {
      pair.remove();
    }
  });
});
