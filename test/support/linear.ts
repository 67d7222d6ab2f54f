import { expect } from 'vitest';

/** Processor time of this process for some work, in µs: the least of a few runs. */
function costOf(work: () => unknown): number {
  const costs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...costs);
}

/**
 * Expects that a reader of text takes for four times as much of a text hardly more than four times as long: with a
 * quadratic one it would be sixteen times. What is too short to be measured is compared with a simple pass over a text.
 * @param text of about that length
 * @param short the shorter length, in characters
 */
export function expectLinear(read: (text: string) => unknown, text: (length: number) => string, short = 25_000): void {
  const simple = costOf(() => 'x'.repeat(400_000).replaceAll(/./g, 'y'));
  const once = costOf(() => read(text(short)));
  expect(costOf(() => read(text(4 * short)))).toBeLessThan(8 * once + simple);
}
