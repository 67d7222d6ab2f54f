import { describe, expect, it } from 'vitest';
import { Places } from '../../../../src/client/agent/places.ts';
import { parseHostList } from '../../../../src/client/host-list.ts';
import type { Host } from '../../../../src/client/host.ts';
import type { Slots, TakenHost } from '../../../../src/client/slots.ts';

const hostsOf = (text: string): readonly Host[] => parseHostList({ name: 'test', text, places: 'words' }).hosts;
const none: ReadonlySet<Host> = new Set();

function begin(): { places: Places; slots: Slots; clock: { now: number } } {
  const clock = { now: 0 };
  const places = new Places(() => clock.now);
  return { places, clock, slots: places.slotsFor({ interrupted: new AbortController().signal, restSeconds: 60 }) };
}

async function take(slots: Slots, hosts: readonly Host[], count: number): Promise<TakenHost[]> {
  const taken: TakenHost[] = [];
  for (let at = 0; at < count; at += 1) {
    const one = await slots.takeHost(hosts, none);
    if (one !== undefined) taken.push(one);
  }
  return taken;
}

const names = (taken: readonly TakenHost[]): string[] => taken.map(({ host }) => host.definition);

describe('Places', () => {
  it('gives every host one job before any gets a second, in the order of the list', async () => {
    const { slots } = begin();
    expect(names(await take(slots, hostsOf('a/2 b/1 c/2'), 5))).toEqual(['a/2', 'b/1', 'c/2', 'a/2', 'c/2']);
  });

  it('gives a host that is listed twice twice as many jobs', async () => {
    const { slots, places } = begin();
    expect(names(await take(slots, hostsOf('a/1 a/1 b/1'), 3))).toEqual(['a/1', 'a/1', 'b/1']);
    expect([...places.report().busy.values()]).toEqual([2, 1]);
  });

  it('serves who came first as soon as a place is free', async () => {
    const { slots } = begin();
    const hosts = hostsOf('a/1');
    const [first] = await take(slots, hosts, 1);
    const order: number[] = [];
    const wait = async (number: number): Promise<void> => {
      const taken = await slots.takeHost(hosts, none);
      order.push(number);
      taken?.lock.release();
    };
    const waiting = [wait(1), wait(2)];
    first?.lock.release();
    first?.lock.release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });

  it('passes a resting host over until its time is up, and tells who waits for it', async () => {
    const { slots, clock } = begin();
    const hosts = hostsOf('a/1');
    const [host] = hosts;
    await take(slots, hosts, 1);
    const waiting = slots.takeHost(hosts, none);
    if (host?.kind === 'tcp') slots.rest(host, 'it is gone');
    expect(await waiting).toBeUndefined();
    clock.now = 60_000;
    expect(names(await take(slots, hostsOf('a/2'), 1))).toEqual(['a/2']);
  });

  it('lets a job that is interrupted leave the queue', async () => {
    const { slots, places } = begin();
    const stop = new AbortController();
    await slots.takeLocal(1, 'compile');
    const waiting = places.slotsFor({ interrupted: stop.signal, restSeconds: 0 }).takeLocal(1, 'compile');
    expect(places.report().waiting).toBe(1);
    stop.abort();
    await expect(waiting).rejects.toThrow('interrupted');
    expect(places.report().waiting).toBe(0);
  });

  it('keeps preprocessors and compilers of this machine apart', async () => {
    const { slots } = begin();
    expect((await slots.takeLocal(1, 'compile'))?.slot).toBe(0);
    expect((await slots.takeLocal(1, 'preprocess'))?.slot).toBe(0);
  });
});
