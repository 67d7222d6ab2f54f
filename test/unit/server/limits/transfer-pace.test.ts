import { describe, expect, it } from 'vitest';
import { PaceCheck } from '../../../../src/server/limits/transfer-pace.ts';

/** A transfer that owes 10 bytes a second in every 20 seconds, and a clock that is set by hand. */
function make() {
  const clock = { now: 0 };
  const paceCheck = new PaceCheck({ bytesPerSecond: 10, windowMs: 20_000 }, () => clock.now);
  /** Goes on for this many periods, with this many bytes in each, and tells in which it stalled. */
  const go = (periods: number, bytes: number): number[] => {
    const stalled: number[] = [];
    for (let period = 1; period <= periods; period += 1) {
      clock.now += paceCheck.periodMs;
      paceCheck.count(bytes);
      if (paceCheck.isTooSlow()) stalled.push(period);
    }
    return stalled;
  };
  return { clock, paceCheck, go };
}

describe('PaceCheck', () => {
  it('lets a slow transfer go on for ever', () => {
    expect(make().go(1000, 50)).toEqual([]);
  });

  it('sees one that is too slow as soon as a window is over', () => {
    expect(make().go(5, 49)).toEqual([4, 5]);
  });

  it('does not let a good start make up for what comes later', () => {
    const { go } = make();
    expect(go(2, 1_000_000)).toEqual([]);
    expect(go(6, 0)).toEqual([4, 5, 6]);
  });

  it('blames nobody for the time in which nobody looked', () => {
    const { clock, paceCheck, go } = make();
    expect(go(3, 0)).toEqual([]);
    clock.now += 2 * paceCheck.periodMs + 1;
    expect(paceCheck.isTooSlow()).toBe(false);
    expect(go(3, 0)).toEqual([]);
    expect(go(1, 0)).toEqual([1]);
  });

  it('starts again after a pause that was not its fault', () => {
    const { paceCheck, go } = make();
    expect(go(3, 0)).toEqual([]);
    paceCheck.restart();
    expect(go(3, 0)).toEqual([]);
    expect(go(1, 0)).toEqual([1]);
  });
});
