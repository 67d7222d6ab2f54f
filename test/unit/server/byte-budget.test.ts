import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../../src/server/byte-budget.ts';

describe('ByteBudget', () => {
  it('lends up to its total and no more', () => {
    const budget = new ByteBudget(100);
    expect([budget.tryTake(60), budget.tryTake(40), budget.tryTake(1)]).toEqual([true, true, false]);
    budget.giveBack(40);
    expect(budget.tryTake(40)).toBe(true);
    expect(budget.used).toBe(100);
  });

  it('grants in the order of asking, also when a later one would fit', () => {
    const budget = new ByteBudget(100);
    const granted: string[] = [];
    budget.tryTake(90);
    budget.wait(50, () => granted.push('large'));
    budget.wait(5, () => granted.push('small'));
    expect(budget.tryTake(5)).toBe(false);
    expect(granted).toEqual([]);
    budget.giveBack(90);
    expect(granted).toEqual(['large', 'small']);
    expect(budget.used).toBe(55);
  });

  it('lets the next go on when the first gives up', () => {
    const budget = new ByteBudget(100);
    const granted: string[] = [];
    budget.tryTake(90);
    const giveUp = budget.wait(50, () => granted.push('large'));
    budget.wait(5, () => granted.push('small'));
    giveUp();
    expect(granted).toEqual(['small']);
  });

  it('serves a request larger than everything alone', () => {
    const budget = new ByteBudget(100);
    expect(budget.tryTake(1000)).toBe(true);
    expect(budget.tryTake(1)).toBe(false);
    budget.giveBack(1000);
    expect(budget.used).toBe(0);
  });
});
