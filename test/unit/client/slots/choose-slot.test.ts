import { describe, expect, it } from 'vitest';
import { chooseSlot, runsSlow } from '../../../../src/client/slots/choose-slot.ts';
import type { FreeSlot } from '../../../../src/client/slots/choose-slot.ts';
import { readHostWord } from '../../../../src/client/hosts/host-word.ts';

const free = (name: string, slot: number, expected?: number): FreeSlot => ({
  host: readHostWord(name, () => {}),
  slot,
  expected,
});
const chosen = (...slots: FreeSlot[]): string | undefined => chooseSlot(slots)?.host.definition;

describe('chooseSlot()', () => {
  it('gives nothing when nothing is free', () => {
    expect(chosen()).toBeUndefined();
  });

  it('follows the list among hosts whose times nobody knows', () => {
    expect(chosen(free('a', 1), free('b', 0), free('c', 0))).toBe('b');
  });

  it('gives a deeper slot of a good host rather than the first one of a slow host', () => {
    expect(chosen(free('a', 0, 3001), free('b', 5, 1000))).toBe('b');
    expect(chosen(free('a', 0, 2999), free('b', 5, 1000))).toBe('a');
  });

  it('lets a host become known', () => {
    expect(chosen(free('a', 0, 1), free('new', 0), free('c', 0, 1))).toBe('a');
    expect(chosen(free('new', 0), free('c', 0, 1))).toBe('new');
  });

  it('takes a host that refused a job when there is no other', () => {
    expect(chosen(free('a', 0, Infinity))).toBe('a');
    expect(chosen(free('a', 0, Infinity), free('b', 3))).toBe('b');
    expect(chosen(free('a', 0, Infinity), free('b', 3, 9))).toBe('b');
  });
});

describe('chooseSlot() for a job that prefers a host', () => {
  const preferred = (name: string, ...slots: FreeSlot[]): string | undefined =>
    chooseSlot(slots, (hosts) => hosts.find(({ definition }) => definition === name))?.host.definition;

  it('takes it among hosts that are about as fast, for one job more at most', () => {
    expect(preferred('b', free('a', 0, 1000), free('b', 0, 1400))).toBe('b');
    expect(preferred('b', free('a', 0, 1000), free('b', 0, 1600))).toBe('a');
    expect(preferred('b', free('a', 0), free('b', 1))).toBe('b');
    expect(preferred('b', free('a', 0), free('b', 2))).toBe('a');
  });

  it('takes another one when that has no free slot', () => {
    expect(preferred('c', free('a', 0), free('b', 0))).toBe('a');
  });
});

describe('runsSlow()', () => {
  it('tells which hosts are passed over', () => {
    const slots = [free('a', 0, 3001), free('b', 0, 1000), free('c', 0)];
    expect(slots.map((one) => runsSlow(one, slots))).toEqual([true, false, false]);
  });
});
