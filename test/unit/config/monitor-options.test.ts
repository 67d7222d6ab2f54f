import { describe, expect, it } from 'vitest';
import { readMonitorWords } from '../../../src/config/monitor-options.ts';

describe('readMonitorWords()', () => {
  it.each([
    [['2'], 2000],
    [['.5'], 500],
    [[' 1.'], 1000],
    [['1e-3'], 1],
    [['1e30'], 2 ** 31 - 1],
  ])('reads %j as %i ms', (words, delay) => {
    expect(readMonitorWords(words)).toEqual({ once: false, delay });
  });

  it.each([[[]], [['']]])('shows jobs until it is stopped, where it can, after %j', (words) => {
    expect(readMonitorWords(words)).toEqual({ once: false, delay: 0 });
  });

  it.each([[['0']], [['0.0']], [['--once']]])('prints once after %j', (words) => {
    expect(readMonitorWords(words)).toEqual({ once: true, delay: 0 });
  });

  it.each([[['-1']], [['x']], [['1 ']], [['1s']], [['.']], [['--help']], [['inf']], [['--once', '1']], [['1', '2']]])(
    'rejects %j',
    (words) => {
      expect(readMonitorWords(words)).toBeUndefined();
    },
  );
});
