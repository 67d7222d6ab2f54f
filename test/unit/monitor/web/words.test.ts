import { describe, expect, it } from 'vitest';
import {
  baseName,
  bytesText,
  countText,
  secondsText,
  shareText,
  together,
  usedText,
} from '../../../../src/monitor/web/page/words.ts';

describe('words of the page', () => {
  it('together() may be broken between its texts, and not within', () =>
    expect(together('1.0 kB ↑', '2 B ↓')).toBe('1.0\u00a0kB\u00a0↑ 2\u00a0B\u00a0↓'));

  it.each([
    [0, '0.00 s'],
    [0.421, '0.42 s'],
    [0.999, '1.0 s'],
    [9.97, '10 s'],
    [119.4, '119 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
  ])('secondsText(%d) is %s', (seconds, text) => expect(secondsText(seconds)).toBe(text));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_600, '100 kB'],
    [999_600, '1.0 MB'],
    [3_400_000, '3.4 MB'],
    [32e9, '32 GB'],
  ])('bytesText(%d) is %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it.each([
    [0, '0 %'],
    [0.001, '1 %'],
    [0.5, '50 %'],
    [0.999, '99 %'],
    [1, '100 %'],
  ])('shareText(%d) is %s', (share, text) => expect(shareText(share)).toBe(text));

  it('others', () => {
    expect([countText(1, 'job'), countText(1200, 'job')]).toEqual(['1 job', '1,200 jobs']);
    expect([usedText(13e9, 32e9), usedText(9e8, 32e9)]).toEqual(['13 of 32 GB', '900 MB of 32 GB']);
    expect([baseName('a/b.c'), baseName('b.c')]).toEqual(['b.c', 'b.c']);
  });
});
