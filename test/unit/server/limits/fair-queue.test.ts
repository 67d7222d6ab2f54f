import { describe, expect, it } from 'vitest';
import { FairQueue, longestTurnMs, longJobMs } from '../../../../src/server/limits/fair-queue.ts';
import type { Release } from '../../../../src/server/limits/fair-queue.ts';

const never = new AbortController().signal;
const ignore = (): void => {};
const claim = (client: string, signal = never, putBack: (reason: Error) => void = ignore) => ({
  client,
  signal,
  putBack,
});

/** Enters and notes the order in which slots are granted. */
function enter(queue: FairQueue, client: string, name: string, order: string[]): Promise<Release> {
  return queue.enter(claim(client)).then((release) => {
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

  it('lends a slot that no job wants, does not count it as a job, and gives it to the job that has come', async () => {
    const queue = new FairQueue(2);
    const order: string[] = [];
    const first = await enter(queue, 'a', 'a1', order);
    const back = queue.takeIdle();
    expect([back === undefined, queue.running, queue.takeIdle()]).toEqual([false, 1, undefined]);
    void enter(queue, 'b', 'b1', order);
    await settled();
    expect([order, queue.waiting]).toEqual([['a1'], 1]);
    back?.();
    back?.();
    await settled();
    expect([order, queue.running, queue.waiting]).toEqual([['a1', 'b1'], 2, 0]);
    void enter(queue, 'c', 'c1', order);
    first();
    await settled();
    expect([order.length, queue.running, queue.takeIdle()]).toEqual([3, 2, undefined]);
  });

  it('resize() gives new slots to those who wait, and takes none from a job', async () => {
    const queue = new FairQueue(1);
    const order: string[] = [];
    const first = await enter(queue, 'a', 'a1', order);
    const waiters = ['a2', 'a3', 'a4'].map((name) => enter(queue, 'a', name, order));
    queue.resize(3);
    await settled();
    expect([order, queue.running, queue.waiting]).toEqual([['a1', 'a2', 'a3'], 3, 1]);
    queue.resize(2);
    first();
    await settled();
    expect([queue.running, queue.waiting]).toEqual([2, 1]);
    (await waiters[0])?.();
    await settled();
    expect(order).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('takes turns among clients, so that a crowd cannot starve a single job', async () => {
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
    expect(order).toEqual(['c1', 's1', 'c2', 'o1', 'c3', 'o2', 'c4']);
  });

  it('gives the next slot to the client that has fewest, whoever waits longest', async () => {
    const queue = new FairQueue(4);
    const order: string[] = [];
    const releases = await Promise.all([1, 2, 3, 4].map((n) => enter(queue, 'crowd', `c${n}`, order)));
    for (const n of [5, 6, 7]) void enter(queue, 'crowd', `c${n}`, order);
    for (const n of [1, 2, 3]) void enter(queue, 'late', `l${n}`, order);
    for (const release of releases) {
      release();
      await settled();
    }
    expect(order.slice(4)).toEqual(['l1', 'l2', 'c5', 'l3']);
  });

  it('forgets who gave up waiting', async () => {
    const queue = new FairQueue(1);
    const release = await queue.enter(claim('a'));
    const gone = new AbortController();
    const waiting = queue.enter(claim('b', gone.signal));
    gone.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    expect(queue.waiting).toBe(0);
    release();
    expect(queue.running).toBe(0);
    await queue.enter(claim('c'));
    expect(queue.running).toBe(1);
  });

  it('refuses a job that was given up before it came', async () => {
    const gone = AbortSignal.abort(new Error('left'));
    await expect(new FairQueue(1).enter(claim('a', gone))).rejects.toThrow('left');
  });
});

describe('FairQueue.review()', () => {
  /** A queue with a clock that is set by hand, and who had to make room. */
  function make(slots: number) {
    const clock = { now: 0 };
    const queue = new FairQueue(slots, () => clock.now);
    const back: string[] = [];
    const run = (client: string, name: string): Promise<Release> =>
      queue.enter(claim(client, never, (reason) => back.push(`${name}: ${reason.name}`)));
    return { clock, queue, back, run };
  }

  it('has the youngest long job of the client that has most make room for one that has nothing', async () => {
    const { clock, queue, back, run } = make(4);
    const first = await run('hog', 'h1');
    await run('other', 'o1');
    clock.now = 1000;
    const second = await run('hog', 'h2');
    clock.now = 40_000;
    await run('hog', 'h3');
    let served = false;
    void run('newcomer', 'n1').then(() => (served = true));
    clock.now = longJobMs - 1;
    expect([queue.review(), back]).toEqual([true, []]);
    clock.now = longJobMs + 1000;
    queue.review();
    // It ends: nobody else has to, meanwhile.
    queue.review();
    expect(back).toEqual(['h2: Overload']);
    second();
    await settled();
    expect([served, queue.review()]).toEqual([true, false]);
    first();
  });

  it('takes nothing from anybody while each has a share, but for a turn that is far too long', async () => {
    const { clock, queue, back, run } = make(2);
    await run('a', 'a1');
    clock.now = 5000;
    await run('b', 'b1');
    void run('c', 'c1');
    clock.now = longestTurnMs - 1;
    queue.review();
    expect(back).toEqual([]);
    clock.now = longestTurnMs + 1;
    queue.review();
    expect(back).toEqual(['a1: Overload']);
  });

  it('gives a client that has a slot no more by force', async () => {
    const { clock, queue, back, run } = make(4);
    for (const name of ['h1', 'h2', 'h3']) await run('hog', name);
    await run('other', 'o1');
    void run('other', 'o2');
    clock.now = 10 * longestTurnMs;
    queue.review();
    expect(back).toEqual([]);
  });

  it('waits a moment for a slot that becomes free by itself', async () => {
    const { clock, queue, back, run } = make(1);
    await run('hog', 'h1');
    clock.now = 2 * longestTurnMs;
    void run('newcomer', 'n1');
    clock.now += 4999;
    queue.review();
    expect(back).toEqual([]);
    clock.now += 1;
    queue.review();
    expect(back).toEqual(['h1: Overload']);
  });
});
