import { describe, expect, it } from 'vitest';
import { NumberSet } from '../../../src/basics/number-set.ts';

const upTo = (end: number): number[] => Array.from({ length: end }, (_, number) => number);

describe('NumberSet', () => {
  it('has the numbers that were added, and no others', () => {
    const set = new NumberSet();
    const added = [0, 7, 8, 9, 1023, 1024, 4096, 65_535];
    for (const number of added) set.add(number);
    expect(upTo(70_000).filter((number) => set.has(number))).toEqual(added);
  });

  it('keeps what it has when it grows', () => {
    const set = new NumberSet();
    for (let number = 65_535; number >= 0; number -= 3) set.add(number);
    expect(upTo(65_536).filter((number) => set.has(number))).toEqual(upTo(65_536).filter((number) => number % 3 === 0));
  });

  it('has nothing at first', () => {
    const set = new NumberSet();
    expect([0, 1, 65_535].map((number) => set.has(number))).toEqual([false, false, false]);
  });
});
