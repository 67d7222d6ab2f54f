import { describe, expect, it } from 'vitest';
import { writeLine } from '../../../../src/monitor/terminal/line.ts';

const coloured = { unicode: true, colours: true };
const plain = { unicode: true, colours: false };

describe('writeLine()', () => {
  it('pads and cuts parts to their widths, and the line to the columns that there are', () => {
    const line = [{ text: 'ab', width: 4 }, { text: 'cd', width: 4, right: true }, { text: 'efghij' }];
    expect(writeLine(line, 20, plain)).toBe('ab    cdefghij');
    expect(writeLine(line, 9, plain)).toBe('ab    cde');
    expect(writeLine(line, 3, plain)).toBe('ab ');
    expect(writeLine([{ text: 'abcdefgh', most: 7, kept: 'end' }, { text: 'x' }], 20, plain)).toBe('...efghx');
  });

  it('sets the cursor to the next column after text whose width terminals may disagree about', () => {
    expect(writeLine([{ text: 'あ', width: 4 }, { text: 'x' }], 20, plain)).toBe('あ  \x1b[5Gx');
    expect(writeLine([{ text: 'あ', width: 4, right: true }, { text: 'x' }], 20, plain)).toBe('  あ\x1b[5Gx');
  });

  it('has colours only where they are wanted, and headings anywhere', () => {
    const line = [
      { text: 'a', style: 'bad' as const },
      { text: 'b', style: 'heading' as const },
      { text: '', style: 'bad' as const },
    ];
    expect(writeLine(line, 20, coloured)).toBe('\x1b[31ma\x1b[m\x1b[7mb\x1b[m');
    expect(writeLine(line, 20, plain)).toBe('a\x1b[7mb\x1b[m');
  });
});
