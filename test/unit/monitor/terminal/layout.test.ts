import { describe, expect, it } from 'vitest';
import { bar, counted, wrapped } from '../../../../src/monitor/terminal/layout.ts';

describe('bar()', () => {
  it.each([
    [0, 4, 10, '[....]'],
    [3, 4, 10, '[###.]'],
    [4, 4, 10, '[####]'],
    [5, 4, 10, '[####]'],
    [0, 0, 10, '[.]'],
    [1, 1, 10, '[#]'],
    [1, 100, 10, '[#.......]'],
    [99, 100, 10, '[#######.]'],
    [50, 100, 10, '[####....]'],
    [2.5, 10, 12, '[###.......]'],
    [1, 2, 3, '[#]'],
  ])('shows %d of %d in %d columns', (filled, all, width, text) => {
    expect(bar(filled, all, width)).toBe(text);
  });
});

describe('wrapped()', () => {
  it('breaks between words, and leaves the rest to the last line', () => {
    expect(wrapped('one two three four', 9, 3)).toEqual(['one two', 'three', 'four']);
    expect(wrapped('one two three four', 9, 2)).toEqual(['one two', 'three four']);
    expect(wrapped('one', 2, 3)).toEqual(['one']);
    expect(wrapped('incomprehensibilities of', 5, 3)).toEqual(['incomprehensibilities', 'of']);
  });
});

describe('counted()', () => {
  it('has one thing, and several', () => {
    expect([0, 1, 2].map((count) => counted(count, 'job'))).toEqual(['0 jobs', '1 job', '2 jobs']);
  });
});
