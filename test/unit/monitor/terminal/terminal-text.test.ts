import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeText } from '../../../../src/monitor/terminal/terminal-text.ts';

const unicode = { unicode: true };

describe('safeText()', () => {
  it.each([
    ['controls', 'a\x1b[2J\r\n\t\0\x7f.c', 'a?[2J?????.c'],
    ['controls of 8 bits', 'a\x9b31m\x85', 'a?31m?'],
    ['marks that turn text round', 'a\u202ec.b\u2066', 'a?c.b?'],
    ['joiners and selectors', 'a\u200d\ufe0f\u2060\ufeff', 'a????'],
    ['separators of lines', 'a\u2028\u2029', 'a??'],
    ['fillers that draw nothing', '\u115f\u3164\uffa0', '???'],
    ['private and unassigned characters, and half of one', '\ue000\u{e0fff}\u0378\ud800', '????'],
  ])('shows %s as question marks', (_, text, shown) => {
    expect(safeText(text, 80, unicode)).toEqual({ text: shown, width: shown.length });
  });

  it.each([
    ['a.c', 3],
    ['コンパイル', 10],
    ['한국어', 6],
    ['ｆｕｌｌ', 8],
    ['naïve.c', 7],
    ['e\u0301e\u0301', 2],
    ['👍.c', 4],
    ['ｶﾀｶﾅ', 4],
    ['（、）', 6],
    ['🇩🇪', 2],
    ['\u1112\u1161\u11ab', 2],
  ])('knows the columns of %s', (text, width) => {
    expect(safeText(text, 80, unicode)).toEqual({ text, width });
  });

  it('shows no more than a few marks on a character, and gives a mark alone something to stand on', () => {
    expect(safeText(`a${'\u0301'.repeat(1000)}b`, 80, unicode)).toEqual({ text: `a${'\u0301'.repeat(4)}b`, width: 2 });
    expect(safeText('\u0301', 80, unicode)).toEqual({ text: ' \u0301', width: 1 });
  });

  it('has only ASCII without Unicode, whose bytes may be controls of the terminal', () => {
    expect(safeText('雛形é.c', 80, { unicode: false })).toEqual({ text: '???.c', width: 5 });
  });

  it.each([
    ['directory/file.c', 10, 'start', 'directo...'],
    ['directory/file.c', 10, 'end', '.../file.c'],
    ['directory/file.c', 16, 'end', 'directory/file.c'],
    ['コンパイル', 8, 'start', 'コン...'],
    ['コンパイル', 8, 'end', '...イル'],
    ['abcdef', 5, 'start', 'abcde'],
    ['コン', 1, 'start', ''],
    ['abc', 0, 'start', ''],
  ] as const)('cuts %s to %i columns at the other end than its %s', (text, width, kept, shown) => {
    expect(safeText(text, width, unicode, kept).text).toBe(shown);
  });

  it('never has more columns than it may, nor anything that a terminal acts on', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constant('x'.repeat(5000)),
    );
    fc.assert(
      fc.property(text, fc.nat(90), fc.boolean(), fc.constantFrom('start', 'end'), (said, width, isUnicode, kept) => {
        const safe = safeText(said, width, { unicode: isUnicode }, kept);
        expect(safe.width).toBeLessThanOrEqual(width);
        expect(isUnicode ? /[\p{C}\p{Zl}\p{Zp}]/u.test(safe.text) : /[^ -~]/.test(safe.text)).toBe(false);
      }),
    );
  });
});
