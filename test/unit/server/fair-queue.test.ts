import { describe, expect, it } from 'vitest';
import { FairQueue, type Release } from '../../../src/server/fair-queue.ts';

const never = new AbortController().signal;

/** Enters and notes the order in which slots are granted. */
function enter(queue: FairQueue, client: string, name: string, order: string[]): Promise<Release> {
  return queue.enter(client, never).then((release) => {
    order.push(name);
    return release;
  });
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('FairQueue', () => {
  it('grants at once while slots are free, and never more than there are', async () => {
    const queue = new FairQueue(2);
    const order: string[] = [];
    const first = await enter(queue, 'a', 'a1', order);
    await enter(queue, 'a', 'a2', order);
    void enter(queue, 'a', 'a3', order);
    await settled();
    expect(order).toEqual(['a1', 'a2']);
    expect([queue.running, queue.waiting]).toEqual([2, 1]);
    first();
    first();
    await settled();
    expect(order).toEqual(['a1', 'a2', 'a3']);
    expect([queue.running, queue.waiting]).toEqual([2, 0]);
  });

  it('goes round the clients, so that a crowd cannot starve a single job', async () => {
    const queue = new FairQueue(1);
    const order: string[] = [];
    const done = async (client: string, name: string): Promise<void> => {
      const release = await enter(queue, client, name, order);
      await settled();
      release();
    };
    await Promise.all([
      done('crowd', 'c1'),
      done('crowd', 'c2'),
      done('crowd', 'c3'),
      done('crowd', 'c4'),
      done('single', 's1'),
      done('other', 'o1'),
      done('other', 'o2'),
    ]);
    expect(order).toEqual(['c1', 'c2', 's1', 'o1', 'c3', 'o2', 'c4']);
  });

  it('forgets who gave up waiting', async () => {
    const queue = new FairQueue(1);
    const release = await queue.enter('a', never);
    const gone = new AbortController();
    const waiting = queue.enter('b', gone.signal);
    gone.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    expect(queue.waiting).toBe(0);
    release();
    expect(queue.running).toBe(0);
    await queue.enter('c', never);
    expect(queue.running).toBe(1);
  });

  it('refuses a job that was given up before it came', async () => {
    const gone = AbortSignal.abort(new Error('left'));
    await expect(new FairQueue(1).enter('a', gone)).rejects.toThrow('left');
  });
});
