import { describe, expect, it } from 'vitest';
import { choosePlace, runsSlow } from '../../../../src/client/slots/choose-slot.ts';
import type { FreePlace } from '../../../../src/client/slots/choose-slot.ts';
import { readHostWord } from '../../../../src/client/hosts/host-word.ts';

const place = (name: string, slot: number, expected?: number): FreePlace => ({
  host: readHostWord(name, () => {}),
  slot,
  expected,
});
const chosen = (...places: FreePlace[]): string | undefined => choosePlace(places)?.host.definition;

describe('choosePlace()', () => {
  it('gives nothing when nothing is free', () => {
    expect(chosen()).toBeUndefined();
  });

  it('follows the list among hosts whose times nobody knows', () => {
    expect(chosen(place('a', 1), place('b', 0), place('c', 0))).toBe('b');
  });

  it('gives a deeper slot of a good host rather than the first one of a slow host', () => {
    expect(chosen(place('a', 0, 3001), place('b', 5, 1000))).toBe('b');
    expect(chosen(place('a', 0, 2999), place('b', 5, 1000))).toBe('a');
  });

  it('lets a host become known', () => {
    expect(chosen(place('a', 0, 1), place('new', 0), place('c', 0, 1))).toBe('a');
    expect(chosen(place('new', 0), place('c', 0, 1))).toBe('new');
  });

  it('takes a host that refused a job when there is no other', () => {
    expect(chosen(place('a', 0, Infinity))).toBe('a');
    expect(chosen(place('a', 0, Infinity), place('b', 3))).toBe('b');
    expect(chosen(place('a', 0, Infinity), place('b', 3, 9))).toBe('b');
  });
});

describe('runsSlow()', () => {
  it('tells which hosts are passed over', () => {
    const places = [place('a', 0, 3001), place('b', 0, 1000), place('c', 0)];
    expect(places.map((one) => runsSlow(one, places))).toEqual([true, false, false]);
  });
});
