import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalMemory } from '../../../../src/client/slots/local-memory.ts';

const mega = 1_000_000;

describe('LocalMemory', () => {
  const state = { available: 0, peaks: new Map<number, number>(), now: 0 };
  let memory: LocalMemory;

  beforeEach(() => {
    vi.useFakeTimers();
    Object.assign(state, { available: 1000 * mega, peaks: new Map(), now: 0 });
    memory = new LocalMemory({
      available: (pid) => ({ bytes: state.available, where: `where ${pid} is` }),
      peakOfTree: (pid) => state.peaks.get(pid) ?? 0,
      now: () => state.now,
    });
  });
  afterEach(() => vi.useRealTimers());

  /** Runs a job long enough to be looked at. */
  function run(pid: number, peak: number): () => void {
    const end = memory.begin(pid);
    state.peaks.set(pid, peak);
    vi.advanceTimersByTime(100);
    return end;
  }

  it('lets jobs begin while nothing is known', () => {
    state.available = 0;
    const end = memory.begin(1);
    expect(memory.obstacle(9)).toBeUndefined();
    end();
  });

  it('always lets one job begin', () => {
    run(1, 800 * mega)();
    state.available = 0;
    expect(memory.obstacle(9)).toBeUndefined();
  });

  it('holds a job back while less is free than the largest recent one used', () => {
    run(1, 300 * mega)();
    run(2, 50 * mega)();
    const end = run(3, 300 * mega);
    state.available = 299 * mega;
    expect(memory.obstacle(9)).toBe('memory where 9 is: a recent job used 300 MB, and the running ones leave 299 MB');
    state.available = 300 * mega;
    expect(memory.obstacle(9)).toBeUndefined();
    end();
  });

  it('counts what jobs that have just begun will take', () => {
    run(1, 300 * mega)();
    state.available = 1000 * mega;
    const started: number[] = [];
    for (let pid = 2; pid < 18; pid += 1) {
      if (memory.obstacle(9) !== undefined) continue;
      memory.begin(pid);
      started.push(pid);
    }
    expect(started).toEqual([2, 3, 4]);
  });

  it('forgets a job after a while', () => {
    run(1, 800 * mega)();
    const end = run(2, 10 * mega);
    state.available = 700 * mega;
    expect(memory.obstacle(9)).toBeDefined();
    state.now = 6 * 60_000;
    expect(memory.obstacle(9)).toBeUndefined();
    end();
  });
});
