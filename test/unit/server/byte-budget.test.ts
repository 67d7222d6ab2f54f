import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../../src/server/byte-budget.ts';

describe('ByteBudget', () => {
  it('lends one address half of everything, and all addresses together no more than everything', () => {
    const budget = new ByteBudget(100);
    const [a, b, c] = [budget.open('a'), budget.open('b'), budget.open('c')];
    expect([a.tryTake(50), a.tryTake(1), b.tryTake(40), c.tryTake(20), c.tryTake(10)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect([budget.used, a.lent, b.lent, c.lent]).toEqual([100, 50, 40, 10]);
    a.close();
    a.close();
    expect(budget.used).toBe(50);
    expect(c.tryTake(20)).toBe(true);
  });

  it('lets one request finish outside the budget, so that halves do not wait for each other', () => {
    const budget = new ByteBudget(100);
    const [one, two, three] = [budget.open('a'), budget.open('a'), budget.open('a')];
    const granted: string[] = [];
    one.tryTake(25);
    two.tryTake(25);
    one.wait(10, () => granted.push('one'));
    two.wait(10, () => granted.push('two'));
    three.wait(10, () => granted.push('three'));
    expect([granted, one.lent, budget.used]).toEqual([['one'], Number.POSITIVE_INFINITY, 50]);
    one.close();
    expect([granted, two.lent, three.lent]).toEqual([['one', 'two', 'three'], 35, 10]);
  });

  it('lets others go on while one address waits for itself', () => {
    const budget = new ByteBudget(100);
    const granted: string[] = [];
    const [hog, more, most, other] = ['hog', 'hog', 'hog', 'other'].map((address) => budget.open(address));
    hog?.tryTake(50);
    more?.wait(10, () => granted.push('outside the budget'));
    most?.wait(10, () => granted.push('most'));
    other?.wait(10, () => granted.push('other'));
    expect(granted).toEqual(['outside the budget', 'other']);
  });

  it('forgets who gave up waiting', () => {
    const budget = new ByteBudget(100);
    const [a, b, c] = [budget.open('a'), budget.open('a'), budget.open('a')];
    const granted: string[] = [];
    a.tryTake(50);
    b.wait(10, () => granted.push('b'));
    c.wait(10, () => granted.push('c'))();
    a.close();
    expect(granted).toEqual(['b']);
  });
});
