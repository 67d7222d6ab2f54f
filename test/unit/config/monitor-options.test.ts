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

  const number = 'DELAY is a number of seconds such as 0.5, not';
  it.each([
    [['-1'], `${number} "-1"`],
    [['x'], `${number} "x"`],
    [['1 '], `${number} "1 "`],
    [['1s'], `${number} "1s"`],
    [['.'], `${number} "."`],
    [['inf'], `${number} "inf"`],
    [['--bogus'], '--bogus: unknown option'],
    [['--once', '1'], 'only one word is expected, and "1" is another'],
    [['1', '2'], 'only one word is expected, and "2" is another'],
    [['--help'], undefined],
  ])('says what is wrong with %j', (words, wrong) => {
    expect(readMonitorWords(words)).toEqual({ wrong });
  });
});
