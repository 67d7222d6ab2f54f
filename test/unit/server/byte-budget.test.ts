import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../../src/server/byte-budget.ts';

const all = (bytes: number) => ({ step: bytes, rest: bytes });

describe('ByteBudget', () => {
  it('lends up to its total and no more', () => {
    const budget = new ByteBudget(100);
    expect([budget.tryTake(60), budget.tryTake(40), budget.tryTake(1)]).toEqual([true, true, false]);
    budget.giveBack(40);
    expect(budget.tryTake(40)).toBe(true);
    expect(budget.used).toBe(100);
  });

  it('lets one go beyond the total to its end, so that none waits for ever, and the others wait in order', () => {
    const budget = new ByteBudget(100);
    const granted: [string, number][] = [];
    budget.tryTake(95);
    budget.wait({ step: 10, rest: 300 }, (bytes) => granted.push(['first', bytes]));
    budget.wait({ step: 10, rest: 500 }, (bytes) => granted.push(['second', bytes]));
    budget.wait({ step: 1, rest: 1 }, (bytes) => granted.push(['third', bytes]));
    expect(budget.tryTake(1)).toBe(false);
    expect(granted).toEqual([['first', 300]]);
    expect(budget.used).toBe(395);
    budget.giveBack(300);
    expect(granted).toEqual([
      ['first', 300],
      ['second', 500],
    ]);
    budget.giveBack(500);
    expect(granted.at(-1)).toEqual(['third', 1]);
    expect(budget.used).toBe(96);
  });

  it('lends a step at a time while there is room', () => {
    const budget = new ByteBudget(100);
    const granted: number[] = [];
    budget.wait({ step: 10, rest: 300 }, (bytes) => granted.push(bytes));
    expect(granted).toEqual([10]);
  });

  it('lets the next go on when the first gives up', () => {
    const budget = new ByteBudget(100);
    const granted: string[] = [];
    budget.tryTake(150 - 60);
    budget.wait(all(60), () => granted.push('over'));
    const giveUp = budget.wait(all(50), () => granted.push('large'));
    budget.wait(all(5), () => granted.push('small'));
    giveUp();
    expect(granted).toEqual(['over']);
    budget.giveBack(60);
    expect(granted).toEqual(['over', 'small']);
  });
});
