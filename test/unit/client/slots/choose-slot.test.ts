import { describe, expect, it } from 'vitest';
import { chooseSlot, runsSlow } from '../../../../src/client/slots/choose-slot.ts';
import type { FreeSlot } from '../../../../src/client/slots/choose-slot.ts';
import { readHostWord } from '../../../../src/client/hosts/host-word.ts';

const slot = (name: string, slot: number, expected?: number): FreeSlot => ({
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
    expect(chosen(slot('a', 1), slot('b', 0), slot('c', 0))).toBe('b');
  });

  it('gives a deeper slot of a good host rather than the first one of a slow host', () => {
    expect(chosen(slot('a', 0, 3001), slot('b', 5, 1000))).toBe('b');
    expect(chosen(slot('a', 0, 2999), slot('b', 5, 1000))).toBe('a');
  });

  it('lets a host become known', () => {
    expect(chosen(slot('a', 0, 1), slot('new', 0), slot('c', 0, 1))).toBe('a');
    expect(chosen(slot('new', 0), slot('c', 0, 1))).toBe('new');
  });

  it('takes a host that refused a job when there is no other', () => {
    expect(chosen(slot('a', 0, Infinity))).toBe('a');
    expect(chosen(slot('a', 0, Infinity), slot('b', 3))).toBe('b');
    expect(chosen(slot('a', 0, Infinity), slot('b', 3, 9))).toBe('b');
  });
});

describe('runsSlow()', () => {
  it('tells which hosts are passed over', () => {
    const slots = [slot('a', 0, 3001), slot('b', 0, 1000), slot('c', 0)];
    expect(slots.map((one) => runsSlow(one, slots))).toEqual([true, false, false]);
  });
});
