import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeText, readText } from '../../../src/wire/text.ts';
import { holds } from './checked.ts';
import { faultOf, read } from './reading.ts';

const packet = (bytes: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(`ARGV${bytes.length.toString(16).padStart(8, '0')}`), Buffer.from(bytes)]);

describe('encodeText()', () => {
  it('writes the length in bytes', () => {
    expect(encodeText('ARGV', '-Dä').toString()).toBe('ARGV00000004-Dä');
    expect(encodeText('ARGV', '').toString()).toBe('ARGV00000000');
  });

  it('does not write a NUL, which would cut the text short', () => {
    expect(() => encodeText('ARGV', '-DX\0-fplugin=x')).toThrow(
      new RangeError('the text of token "ARGV" has a NUL inside'),
    );
  });
});

describe('readText()', () => {
  it('reads what encodeText() writes', () => {
    const property = fc.property(fc.string({ unit: 'binary' }), (text) => {
      const sent = text.replaceAll('\0', '');
      return read(readText('ARGV', 1000), encodeText('ARGV', sent)) === sent;
    });
    holds('readText()', property);
  });

  it.each(['', '\ufeffbyte order mark', 'replaced already: \ufffd', '\u{10ffff}'])('reads %j', (text) => {
    expect(read(readText('ARGV', 100), encodeText('ARGV', text))).toBe(text);
  });

  it.each([
    ['latin-1', [0x2d, 0x44, 0xe4]],
    ['half a character', [0x61, 0xc3]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character beyond the last', [0xf4, 0x90, 0x80, 0x80]],
    ['malformed bytes beside U+FFFD', [0xef, 0xbf, 0xbd, 0xff]],
  ])('refuses %s', (_, bytes) => {
    expect(faultOf(() => read(readText('ARGV', 100), packet(bytes)))).toMatchObject({
      kind: 'malformed',
      message: 'the text of token "ARGV" is not UTF-8',
    });
  });

  it('refuses a NUL', () => {
    expect(faultOf(() => read(readText('ARGV', 100), packet([0x61, 0, 0x62])))).toMatchObject({
      kind: 'malformed',
      message: 'the text of token "ARGV" has a NUL inside',
    });
  });

  it('names the text that was cut short', () => {
    expect(faultOf(() => read(readText('NAME', 100), 'NAME00000005/us'))).toMatchObject({
      kind: 'truncated',
      message: 'the connection ended after 3 of the 5 bytes of the text of token "NAME"',
    });
  });
});
