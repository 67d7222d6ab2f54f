import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { QueuedSlots } from '../../../../src/client/slots/queued-slots.ts';
import { fixedHosts } from '../../../../src/client/hosts/changing-hosts.ts';
import type { JobHosts } from '../../../../src/client/hosts/changing-hosts.ts';
import { noHosts, parseHostList } from '../../../../src/client/hosts/host-list.ts';
import type { Host } from '../../../../src/client/hosts/host.ts';
import type { Slots, HostSlot } from '../../../../src/client/slots/slots.ts';

const hostsOf = (text: string): readonly Host[] => parseHostList({ name: 'test', text, unit: 'words' }).hosts;
const listed = (hosts: readonly Host[]): JobHosts => fixedHosts({ ...noHosts, hosts });
const none: ReadonlySet<Host> = new Set();

function begin(memory?: ConstructorParameters<typeof QueuedSlots>[1]): {
  queue: QueuedSlots;
  slots: Slots;
  clock: { now: number };
} {
  const clock = { now: 0 };
  const queue = new QueuedSlots(() => clock.now, memory);
  const asker = { interrupted: new AbortController().signal, restSeconds: 60, pid: 1 };
  return { queue, clock, slots: queue.slotsFor(asker) };
}

/** Tells that a host did a job in this many seconds. */
function praise(slots: Slots, hosts: readonly Host[], name: string, seconds: number): void {
  for (const host of hosts) if (host.kind !== 'local' && host.name === name) slots.praise(host, seconds);
}

async function take(slots: Slots, hosts: readonly Host[], count: number): Promise<HostSlot[]> {
  const taken: HostSlot[] = [];
  for (let at = 0; at < count; at += 1) {
    const one = await slots.takeHost(listed(hosts), none);
    if (one !== undefined) taken.push(one);
  }
  return taken;
}

const names = (taken: readonly HostSlot[]): string[] => taken.map(({ host }) => host.definition);

describe('QueuedSlots', () => {
  it('gives every host one job before any gets a second, in the order of the list', async () => {
    const { slots } = begin();
    expect(names(await take(slots, hostsOf('a/2 b/1 c/2'), 5))).toEqual(['a/2', 'b/1', 'c/2', 'a/2', 'c/2']);
  });

  it('gives a host that is listed twice twice as many jobs', async () => {
    const { slots, queue } = begin();
    expect(names(await take(slots, hostsOf('a/1 a/1 b/1'), 3))).toEqual(['a/1', 'a/1', 'b/1']);
    expect([...queue.report().busy.values()]).toEqual([2, 1]);
  });

  it('serves whoever came first as soon as a slot is free', async () => {
    const { slots } = begin();
    const hosts = hostsOf('a/1');
    const [first] = await take(slots, hosts, 1);
    const order: number[] = [];
    const wait = async (number: number): Promise<void> => {
      const taken = await slots.takeHost(listed(hosts), none);
      order.push(number);
      taken?.release();
    };
    const waiting = [wait(1), wait(2)];
    first?.release();
    first?.release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });

  it('passes a resting host over until its time is up, and tells who waits for it', async () => {
    const { slots, clock } = begin();
    const hosts = hostsOf('a/1');
    const [host] = hosts;
    await take(slots, hosts, 1);
    const waiting = slots.takeHost(listed(hosts), none);
    if (host?.kind === 'tcp') slots.rest(host, 'it is gone');
    expect(await waiting).toBeUndefined();
    clock.now = 60_000;
    expect(names(await take(slots, hostsOf('a/2'), 1))).toEqual(['a/2']);
  });

  it('lets a job that is interrupted leave the queue', async () => {
    const { slots, queue } = begin();
    const stop = new AbortController();
    await slots.takeLocal(1, 'compile');
    const waiting = queue.slotsFor({ interrupted: stop.signal, restSeconds: 0, pid: 7 }).takeLocal(1, 'compile');
    expect([...queue.report().waiting.keys()]).toEqual([7]);
    stop.abort();
    await expect(waiting).rejects.toThrow('interrupted');
    expect(queue.report().waiting.size).toBe(0);
  });

  it('keeps preprocessors and compilers of this machine apart', async () => {
    const { slots } = begin();
    expect((await slots.takeLocal(1, 'compile'))?.slot).toBe(0);
    expect((await slots.takeLocal(1, 'preprocess'))?.slot).toBe(0);
  });

  it('shares the slots for compilers between the host localhost and jobs that are not distributed', async () => {
    const { slots, queue } = begin();
    const taken = await take(slots, hostsOf('localhost/2'), 2);
    const here = await slots.takeLocal(3, 'compile');
    expect([here?.slot, [...queue.report().busy]]).toEqual([2, [['localhost', 3]]]);
    let more = 0;
    const waiting = slots.takeLocal(3, 'compile').then(() => (more += 1));
    await Promise.resolve();
    expect(more).toBe(0);
    taken[0]?.release();
    await waiting;
  });

  it('passes a host over that takes three times as long as another one with a free slot', async () => {
    const { slots } = begin();
    const hosts = hostsOf('slow/2 fast/3');
    for (const one of await take(slots, hosts, 2)) one.release();
    praise(slots, hosts, 'slow', 8);
    praise(slots, hosts, 'fast', 1);
    // When no other has a slot, a slow one is better than none.
    expect(names(await take(slots, hosts, 5))).toEqual(['fast/3', 'fast/3', 'fast/3', 'slow/2', 'slow/2']);
  });

  it('gives a job to a slow host again when it has had none for a while', async () => {
    const { slots, clock } = begin();
    const hosts = hostsOf('slow/2 fast/4');
    for (const one of await take(slots, hosts, 2)) one.release();
    praise(slots, hosts, 'slow', 8);
    praise(slots, hosts, 'fast', 1);
    clock.now = 29_000;
    const before = await take(slots, hosts, 1);
    clock.now = 31_000;
    expect(names([...before, ...(await take(slots, hosts, 2))])).toEqual(['fast/4', 'slow/2', 'fast/4']);
    praise(slots, hosts, 'slow', 1);
    expect(names(await take(slots, hosts, 1))).toEqual(['slow/2']);
  });

  it('prefers the clearly faster host for equal slots, and the order of the list when times are alike', async () => {
    const { slots } = begin();
    const hosts = hostsOf('one/4 two/4 three/4');
    for (const one of await take(slots, hosts, 3)) one.release();
    praise(slots, hosts, 'one', 2);
    praise(slots, hosts, 'two', 1.4);
    praise(slots, hosts, 'three', 1);
    expect(names(await take(slots, hosts, 4))).toEqual(['two/4', 'three/4', 'one/4', 'two/4']);
  });

  it('passes a host over that has just refused a job, while others have slots', async () => {
    const { slots, clock } = begin();
    const hosts = hostsOf('strict/2 other/1');
    const [strict] = hosts;
    if (strict?.kind === 'tcp') slots.refused(strict);
    expect(names(await take(slots, hosts, 2))).toEqual(['other/1', 'strict/2']);
    clock.now = 5000;
    const again = hostsOf('strict/2 fresh/1');
    expect(names(await take(slots, again, 1))).toEqual(['fresh/1']);
    expect(names(await take(slots, again, 1))).toEqual(['strict/2']);
  });

  it('lets jobs whose lists have another order wait in the same line', async () => {
    const { slots } = begin();
    const [one, two] = [hostsOf('a/1 b/1'), hostsOf('b/1 a/1')];
    const taken = await take(slots, one, 2);
    const order: string[] = [];
    const wait = async (name: string, hosts: readonly Host[]): Promise<void> => {
      const got = await slots.takeHost(listed(hosts), none);
      order.push(name);
      got?.release();
    };
    const waiting = [wait('first', two), wait('second', one), wait('third', two)];
    taken[0]?.release();
    await Promise.all(waiting);
    expect(order).toEqual(['first', 'second', 'third']);
  });

  it.each<readonly [string, readonly [list: string, failed: string], readonly [list: string, failed: string]]>([
    ['a host has failed the first one', ['a/1 b/1', 'a/1'], ['a/1 b/1', '']],
    ['other hosts have failed them', ['a/1 b/1', 'a/1'], ['a/1 b/1', 'b/1']],
    ['they have other lists', ['b/1', ''], ['a/1', '']],
  ])('lets a job have a slot that an earlier one cannot use: %s', async (_, ...jobs) => {
    const { slots } = begin();
    const taken = await take(slots, hostsOf('a/1 b/1'), 2);
    const order: number[] = [];
    const waiting = jobs.map(async ([text, definition], number) => {
      const hosts = hostsOf(text);
      await slots.takeHost(listed(hosts), new Set(hosts.filter((host) => host.definition === definition)));
      order.push(number);
    });
    taken[0]?.release();
    await nextTurn();
    expect(order).toEqual([1]);
    taken[1]?.release();
    await Promise.all(waiting);
  });

  it('looks again when the list of hosts has changed, and no longer than a job waits', async () => {
    const { slots } = begin();
    const [full] = await take(slots, hostsOf('a/1'), 1);
    let list = { ...noHosts, hosts: hostsOf('a/1') };
    const listeners = new Set<() => void>();
    const hosts: JobHosts = {
      key: 'a file',
      get list() {
        return list;
      },
      refresh: () => Promise.resolve(),
      watch(changed) {
        listeners.add(changed);
        return () => void listeners.delete(changed);
      },
    };
    const waiting = slots.takeHost(hosts, none);
    list = { ...noHosts, hosts: hostsOf('a/1 b/1') };
    for (const changed of listeners) changed();
    expect((await waiting)?.host.definition).toBe('b/1');
    expect(listeners.size).toBe(0);
    full?.release();
  });

  it('takes the host that a job prefers among those that are alike', async () => {
    const { slots } = begin();
    const taken = await slots.takeHost(listed(hostsOf('a/1 b/1')), none, (hosts) => hosts[1]);
    expect(taken?.host.definition).toBe('b/1');
  });

  it('takes a slot back once, however often it is given back', async () => {
    const { slots, queue } = begin();
    const hosts = hostsOf('a/1');
    const [first] = await take(slots, hosts, 1);
    first?.release();
    expect(queue.report().busy.size).toBe(0);
    await take(slots, hosts, 1);
    first?.release();
    expect([...queue.report().busy]).toEqual([['tcp_a_3632', 1]]);
  });

  it('reports how long a job takes on each host, where that is known', async () => {
    const { slots, queue } = begin();
    const hosts = hostsOf('a/1 b/1');
    for (const one of await take(slots, hosts, 2)) one.release();
    praise(slots, hosts, 'b', 2);
    expect([...queue.report().expected]).toEqual([['tcp_b_3632', 2000]]);
  });

  it('has no host rest for a job that wants none to', () => {
    const { queue } = begin();
    const slots = queue.slotsFor({ interrupted: new AbortController().signal, restSeconds: 0, pid: 1 });
    for (const host of hostsOf('a/1')) if (host.kind !== 'local') slots.rest(host, 'it is gone');
    expect(queue.report().resting.size).toBe(0);
  });

  it('remembers which hosts cannot do the jobs of a compiler, until one of them has worked', () => {
    const { slots, clock } = begin();
    const [host] = hostsOf('a/1');
    if (host === undefined || host.kind === 'local') throw new Error('no host');
    slots.lacks(host, 'gcc', 'it has no gcc');
    expect([slots.unfit(host, 'gcc'), slots.unfit(host, 'g++')]).toEqual(['it has no gcc', undefined]);
    clock.now = 60_000;
    expect(slots.unfit(host, 'gcc')).toBeUndefined();
    expect([1, 2, 3].map(() => slots.differs(host, 'gcc'))).toEqual([false, false, true]);
    expect(slots.unfit(host, 'gcc')).toBe('its gcc fails where the one here does not');
    slots.praise(host, 1);
    expect(slots.unfit(host, 'gcc')).toBeDefined();
    slots.praise(host, 1, 'gcc');
    expect(slots.unfit(host, 'gcc')).toBeUndefined();
  });

  it('serves nobody who came later first, whatever they wait for', async () => {
    const { slots } = begin();
    const held = await take(slots, hostsOf('localhost/1'), 1);
    let served = false;
    const wait = async (): Promise<void> => {
      const slot = await slots.takeLocal(1, 'compile');
      served = true;
      slot?.release();
    };
    const link = wait();
    const later = Array.from({ length: 5 }, async () => {
      const taken = await slots.takeHost(listed(hostsOf('localhost/1')), none);
      expect(served).toBe(true);
      taken?.release();
    });
    held[0]?.release();
    await Promise.all([link, ...later]);
  });

  it('has a compiler of this machine wait for memory, and goes on when a job here ends', async () => {
    let obstacle: string | undefined = 'memory';
    const ended: number[] = [];
    const { slots, queue } = begin({
      obstacle: () => obstacle,
      begin: (pid) => () => void ended.push(pid),
    });
    const waiting = slots.takeLocal(4, 'compile');
    expect([...queue.report().waiting.values()]).toEqual(['memory']);
    // Preprocessors are small, and other machines have memory of their own.
    const preprocessor = await slots.takeLocal(4, 'preprocess');
    expect(names(await take(slots, hostsOf('localhost/2 a/1'), 1))).toEqual(['a/1']);
    obstacle = undefined;
    expect([...queue.report().waiting.values()]).toEqual(['its turn']);
    preprocessor?.release();
    (await waiting)?.release();
    expect(ended).toEqual([1]);
  });

  it('counts the memory of compilers of this machine, also of those that the host list sends here', async () => {
    const begun: number[] = [];
    const { slots } = begin({
      obstacle: () => undefined,
      begin(pid) {
        begun.push(pid);
        return () => void begun.push(-pid);
      },
    });
    for (const one of await take(slots, hostsOf('a/1'), 1)) one.release();
    (await slots.takeLocal(1, 'preprocess'))?.release();
    expect(begun).toEqual([]);
    for (const one of await take(slots, hostsOf('localhost/1'), 1)) one.release();
    expect(begun).toEqual([1, -1]);
  });

  it('looks once a second for all jobs that wait for memory', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let obstacle: string | undefined = 'memory';
      const { slots } = begin({ obstacle: () => obstacle, begin: () => () => {} });
      const waiting = [slots.takeLocal(4, 'compile'), slots.takeHost(listed(hostsOf('localhost/4')), none)];
      for (let seconds = 0; seconds < 3; seconds += 1) {
        expect(vi.getTimerCount()).toBe(1);
        vi.advanceTimersByTime(1000);
      }
      obstacle = undefined;
      vi.advanceTimersByTime(1000);
      await Promise.all(waiting);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('tells what a job waits for', async () => {
    let obstacle: string | undefined;
    const { slots, queue } = begin({ obstacle: () => obstacle, begin: () => () => {} });
    const waits = async (ask: (asker: Slots) => Promise<unknown>): Promise<string | undefined> => {
      const stop = new AbortController();
      const waiting = ask(queue.slotsFor({ interrupted: stop.signal, restSeconds: 60, pid: 2 }));
      const why = queue.report().waiting.get(2);
      stop.abort();
      await expect(waiting).rejects.toThrow('interrupted');
      return why;
    };
    const forHost = (text: string) => waits((asker) => asker.takeHost(listed(hostsOf(text)), none));
    await take(slots, hostsOf('a/1'), 1);
    expect(await forHost('a/1')).toBe('a free slot on a host');
    obstacle = 'memory';
    expect(await forHost('a/1')).toBe('a free slot on a host');
    expect(await forHost('a/1 localhost/2')).toBe('a free slot on a host, or memory');
    expect(await waits((asker) => asker.takeLocal(2, 'compile'))).toBe('memory');
    obstacle = undefined;
    await take(slots, hostsOf('localhost/2'), 2);
    await slots.takeLocal(1, 'preprocess');
    obstacle = 'memory';
    expect(await forHost('a/1 localhost/2')).toBe('a free slot on a host');
    expect(await waits((asker) => asker.takeLocal(2, 'compile'))).toBe(
      'one of the 2 slots of this machine for compilers',
    );
    expect(await waits((asker) => asker.takeLocal(1, 'preprocess'))).toBe(
      'one of the 1 slots of this machine for preprocessors',
    );
  });
});
