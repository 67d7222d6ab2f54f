import { describe, expect, it, vi } from 'vitest';
import { ByteBudget, standstillMs } from '../../../../src/server/limits/byte-budget.ts';

const ignore = (): void => {};

/** A budget of 100 bytes with a clock that is set by hand. */
function make(overdraft = 1000) {
  const clock = { now: 0 };
  const budget = new ByteBudget({ total: 100, overdraft }, () => clock.now);
  const dismissed: string[] = [];
  const open = (address: string, name = address) =>
    budget.open(address, (reason) => dismissed.push(`${name}: ${reason.name}`));
  return { budget, clock, dismissed, open };
}

describe('ByteBudget', () => {
  it('lends one address half of everything, and all addresses together no more than everything', () => {
    const { budget, open } = make();
    const [a, b, c] = [open('a'), open('b'), open('c')];
    expect([a.tryTake(50), a.tryTake(1), b.tryTake(40), c.tryTake(20), c.tryTake(10)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect([budget.used, a.lent, b.lent, c.lent, budget.largest]).toEqual([100, 50, 40, 10, 1050]);
    a.close();
    a.close();
    expect(budget.used).toBe(50);
    expect(c.tryTake(20)).toBe(true);
  });

  it('lets one request finish outside of the total, so that halves do not wait for each other', () => {
    const { budget, open } = make();
    const [one, two, three] = [open('a'), open('a'), open('a')];
    const granted: string[] = [];
    one.tryTake(25);
    two.tryTake(25);
    one.wait(10, () => granted.push('one'));
    two.wait(10, () => granted.push('two'));
    three.wait(10, () => granted.push('three'));
    expect([granted, one.lent, budget.used]).toEqual([['one'], 1025, 50]);
    one.close();
    expect([granted, two.lent, three.lent]).toEqual([['one', 'two', 'three'], 35, 10]);
  });

  it('lends nobody more than total and overdraft together', () => {
    const { budget, open } = make(30);
    const account = open('a');
    account.tryTake(50);
    const grant = vi.fn();
    account.wait(30, grant);
    expect(grant).toHaveBeenCalledTimes(1);
    account.wait(1, grant);
    expect(grant).toHaveBeenCalledTimes(1);
    expect([account.lent, budget.largest]).toEqual([80, 80]);
  });

  it('lets others go on while one address waits for itself', () => {
    const { open } = make();
    const granted: string[] = [];
    const [hog, more, most, other] = ['hog', 'hog', 'hog', 'other'].map((address) => open(address));
    hog?.tryTake(50);
    more?.wait(10, () => granted.push('outside of the total'));
    most?.wait(10, () => granted.push('most'));
    other?.wait(10, () => granted.push('other'));
    expect(granted).toEqual(['outside of the total', 'other']);
  });

  it('forgets who gave up waiting', () => {
    const { open } = make();
    const [a, b, c] = [open('a'), open('a'), open('a')];
    const granted: string[] = [];
    a.tryTake(50);
    b.wait(10, () => granted.push('b'));
    c.wait(10, () => granted.push('c'))();
    a.close();
    expect(granted).toEqual(['b']);
  });

  it('closes the oldest unfinished request of the address that has most, for another address that waits in vain', () => {
    const { budget, clock, dismissed, open } = make(0);
    const complete = open('hog', 'complete');
    const [oldest, newest] = [open('hog', 'oldest'), open('hog', 'newest')];
    const [second, newcomer] = [open('second'), open('newcomer')];
    complete.tryTake(20);
    complete.complete = true;
    oldest.tryTake(20);
    newest.tryTake(10);
    second.tryTake(45);
    const grant = vi.fn();
    newcomer.wait(10, grant);
    clock.now = standstillMs - 1;
    expect([budget.review(), dismissed]).toEqual([true, []]);
    clock.now = standstillMs;
    budget.review();
    // It is on its way out: nobody else is closed meanwhile.
    budget.review();
    expect(dismissed).toEqual(['oldest: Overload']);
    oldest.close();
    expect(grant).toHaveBeenCalledTimes(1);
    expect(budget.review()).toBe(false);
  });

  it('closes a request that is complete when there is no other, the last to come first', () => {
    const { budget, clock, dismissed, open } = make(0);
    const [first, last, newcomer] = [open('hog', 'first'), open('hog', 'last'), open('newcomer')];
    for (const account of [first, last]) {
      account.tryTake(25);
      account.complete = true;
    }
    open('other').tryTake(45);
    newcomer.wait(10, ignore);
    clock.now = standstillMs;
    budget.review();
    expect(dismissed).toEqual(['last: Overload']);
  });

  it('counts what the one has that may finish: it gives way as well', () => {
    const { budget, clock, dismissed, open } = make(1000);
    const finishes = open('a', 'finishes');
    const [second, third] = [open('b'), open('c')];
    finishes.tryTake(20);
    second.tryTake(30);
    third.tryTake(50);
    finishes.wait(60, ignore);
    third.wait(10, ignore);
    clock.now = standstillMs;
    budget.review();
    expect(dismissed).toEqual(['finishes: Overload']);
  });

  it('closes no request for one that has as much, or for another of the same address', () => {
    const { budget, clock, dismissed, open } = make(0);
    const [a, more, b] = [open('a'), open('a'), open('b')];
    a.tryTake(50);
    b.tryTake(50);
    more.wait(1, ignore);
    b.wait(1, ignore);
    clock.now = 10 * standstillMs;
    budget.review();
    expect(dismissed).toEqual([]);
  });
});
