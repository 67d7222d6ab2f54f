import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { firstToAnswer } from '../../../src/client/first-to-answer.ts';
import type { Dialing } from '../../../src/client/first-to-answer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Addresses that answer when the test says so. */
function recorded(): {
  dial: (address: string) => Dialing<string>;
  events: string[];
  answer: (address: string) => void;
  refuse: (address: string) => void;
} {
  const events: string[] = [];
  const ends = new Map<string, { resolve: (value: string) => void; reject: (error: Error) => void }>();
  const dial = (address: string): Dialing<string> => {
    events.push(`dial ${address}`);
    const answer = new Promise<string>((resolve, reject) => void ends.set(address, { resolve, reject }));
    return { answer, cancel: () => void events.push(`cancel ${address}`) };
  };
  return {
    dial,
    events,
    answer: (address) => ends.get(address)?.resolve(`way to ${address}`),
    refuse: (address) => ends.get(address)?.reject(new Error(`${address} refuses`)),
  };
}

describe('firstToAnswer()', () => {
  it('tries no other address when the first one answers at once', async () => {
    const { dial, events, answer } = recorded();
    const reached = firstToAnswer(['a', 'b'], dial);
    answer('a');
    expect(await reached).toEqual({ address: 'a', value: 'way to a' });
    vi.advanceTimersByTime(10_000);
    expect(events).toEqual(['dial a']);
  });

  it('tries the next one beside a silent one, and gives up those that have not answered', async () => {
    const { dial, events, answer } = recorded();
    const reached = firstToAnswer(['a', 'b', 'c', 'd'], dial);
    vi.advanceTimersByTime(249);
    expect(events).toEqual(['dial a']);
    vi.advanceTimersByTime(1);
    vi.advanceTimersByTime(250);
    answer('b');
    expect(await reached).toEqual({ address: 'b', value: 'way to b' });
    expect(events).toEqual(['dial a', 'dial b', 'dial c', 'cancel a', 'cancel c']);
  });

  it('tries the next one at once when one fails', async () => {
    const { dial, events, answer, refuse } = recorded();
    const reached = firstToAnswer(['a', 'b'], dial);
    refuse('a');
    await vi.waitFor(() => expect(events).toEqual(['dial a', 'dial b']));
    answer('b');
    expect(await reached).toEqual({ address: 'b', value: 'way to b' });
  });

  it('waits for a slow one when all others have failed', async () => {
    const { dial, answer, refuse } = recorded();
    const reached = firstToAnswer(['a', 'b'], dial);
    vi.advanceTimersByTime(250);
    refuse('b');
    answer('a');
    expect(await reached).toEqual({ address: 'a', value: 'way to a' });
  });

  it('gives one of two that answer in the same instant, and gives up the other', async () => {
    const { dial, events, answer } = recorded();
    const reached = firstToAnswer(['a', 'b'], dial);
    vi.advanceTimersByTime(250);
    answer('b');
    answer('a');
    expect(await reached).toEqual({ address: 'b', value: 'way to b' });
    expect(events).toEqual(['dial a', 'dial b', 'cancel a']);
  });

  it('fails with the last failure', async () => {
    const { dial, refuse } = recorded();
    const reached = firstToAnswer(['a', 'b'], dial);
    const fault = expect(reached).rejects.toThrow('a refuses');
    vi.advanceTimersByTime(250);
    refuse('b');
    refuse('a');
    await fault;
  });
});
