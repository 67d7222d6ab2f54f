import { describe, expect, it } from 'vitest';
import { readDelay } from '../../../src/config/monitor-options.ts';

describe('readDelay()', () => {
  it.each([
    [[], 0],
    [[''], 0],
    [['0'], 0],
    [['2'], 2000],
    [['.5'], 500],
    [[' 1.'], 1000],
    [['1e-3'], 1],
    [['1e30'], 2 ** 31 - 1],
  ])('reads %j as %i ms', (words, delay) => {
    expect(readDelay(words)).toBe(delay);
  });

  it.each([[['-1']], [['x']], [['1 ']], [['1s']], [['.']], [['--help']], [['inf']], [['1', '2']]])(
    'rejects %j',
    (words) => {
      expect(readDelay(words)).toBeUndefined();
    },
  );
});
