import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IdleExit } from '../../../../src/server/listen/idle-exit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function attend(idleMs?: number) {
  const now = { running: 0, waiting: 0 };
  const said: string[] = [];
  const idle = vi.fn<() => void>();
  const idleExit = new IdleExit({
    running: () => now.running,
    waiting: () => now.waiting,
    status: (text) => said.push(text),
    idleMs,
    idle,
  });
  return { now, said, idle, idleExit };
}

describe('IdleExit', () => {
  it('tells what changed, at most once a second, and nothing twice', () => {
    const { now, said, idleExit } = attend();
    expect(said).toEqual(['0 running, 0 waiting, 0 done']);
    for (let nth = 0; nth < 100; nth += 1) idleExit.arrive();
    now.running = 4;
    now.waiting = 96;
    vi.advanceTimersByTime(999);
    expect(said).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    expect(said.slice(1)).toEqual(['4 running, 96 waiting, 0 done']);
    now.running = 0;
    now.waiting = 0;
    for (let nth = 0; nth < 100; nth += 1) idleExit.leave();
    vi.advanceTimersByTime(10_000);
    expect(said.slice(2)).toEqual(['0 running, 0 waiting, 100 done']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is idle only when nobody is here for the whole time', () => {
    const { idle, idleExit } = attend(5000);
    vi.advanceTimersByTime(4000);
    idleExit.arrive();
    idleExit.arrive();
    idleExit.leave();
    vi.advanceTimersByTime(60_000);
    expect(idle).not.toHaveBeenCalled();
    idleExit.leave();
    vi.advanceTimersByTime(4999);
    expect(idle).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(idle).toHaveBeenCalledOnce();
  });

  it('is never idle without a limit, and leaves no timer after', () => {
    const { idle, idleExit } = attend();
    vi.advanceTimersByTime(1e9);
    expect(idle).not.toHaveBeenCalled();
    idleExit.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
