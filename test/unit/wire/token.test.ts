import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../src/wire/reading/protocol-error.ts';
import { encodeToken, largestParameter, readAnyToken, readToken, readTokenOrEnd } from '../../../src/wire/token.ts';
import { holds } from './checked.ts';
import { faultOf, read, readPieces } from './reading.ts';

describe('encodeToken()', () => {
  it('writes four letters and eight lower-case hexadecimal digits', () => {
    expect(encodeToken('DIST', 1).toString()).toBe('DIST00000001');
    expect(encodeToken('DOTI', 0x4fce).toString()).toBe('DOTI00004fce');
    expect(encodeToken('STAT', largestParameter).toString()).toBe('STATffffffff');
  });

  it.each([-1, 0.5, 2 ** 32, Number.NaN])('does not write %d', (parameter) => {
    expect(() => encodeToken('ARGC', parameter)).toThrow(
      new RangeError(`the count of token "ARGC" cannot be ${parameter}`),
    );
  });
});

describe('readToken()', () => {
  it('reads what encodeToken() writes', () => {
    const property = fc.property(fc.nat(largestParameter), (parameter) => {
      return read(readToken('DOTO', largestParameter), encodeToken('DOTO', parameter)) === parameter;
    });
    holds('readToken()', property);
  });

  it('reads digits of either case', () => {
    expect(read(readToken('DOTI', largestParameter), 'DOTI00aBcDeF')).toBe(0xabcdef);
  });

  it.each([
    ['GET / HTTP/1', 'expected token "DIST" but got "GET "'],
    ['dist00000001', 'expected token "DIST" but got "dist"'],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\xaa', 'expected token "DIST" but got "\\x16\\x03\\x01\\x02"'],
    ['"\\\n\x7f00000001', 'expected token "DIST" but got "\\"\\\\\\x0a\\x7f"'],
    ['DIST0000zz00', 'the version of token "DIST" is not 8 hexadecimal digits: "0000zz00"'],
    ['DIST       1', 'the version of token "DIST" is not 8 hexadecimal digits: "       1"'],
    ['DIST0x000001', 'the version of token "DIST" is not 8 hexadecimal digits: "0x000001"'],
    ['DIST-0000001', 'the version of token "DIST" is not 8 hexadecimal digits: "-0000001"'],
    ['DIST+0000001', 'the version of token "DIST" is not 8 hexadecimal digits: "+0000001"'],
    ['DIST0000001\n', 'the version of token "DIST" is not 8 hexadecimal digits: "0000001\\x0a"'],
  ])('refuses %j', (bytes, sentence) => {
    const fault = faultOf(() => read(readToken('DIST', 3), Buffer.from(bytes, 'latin1')));
    expect(fault).toBeInstanceOf(ProtocolError);
    expect(fault).toMatchObject({ kind: 'malformed', message: sentence });
  });

  it('refuses a parameter above the ceiling', () => {
    expect(read(readToken('ARGV', 7), 'ARGV00000007')).toBe(7);
    expect(faultOf(() => read(readToken('ARGV', 7), 'ARGV00000008'))).toMatchObject({
      kind: 'too large',
      message: 'the length of token "ARGV" is 8, more than the limit of 7',
    });
    expect(faultOf(() => read(readToken('ARGC', 7), 'ARGCffffffff'))).toMatchObject({
      message: 'the count of token "ARGC" is 4294967295, more than the limit of 7',
    });
    expect(faultOf(() => read(readToken('STAT', 7), 'STAT00000009'))).toMatchObject({
      message: 'the status of token "STAT" is 9, more than the limit of 7',
    });
  });

  it('names the token that was cut short', () => {
    expect(faultOf(() => read(readToken('DONE', 3), 'DONE000'))).toMatchObject({
      kind: 'truncated',
      message: 'the connection ended after 7 of the 12 bytes of token "DONE"',
    });
  });
});

describe('readTokenOrEnd()', () => {
  it('reads a token, or the end of the message', () => {
    expect(read(readTokenOrEnd('DOTD', 9), 'DOTD00000005')).toBe(5);
    expect(readPieces(readTokenOrEnd('DOTD', 9), [])).toBeUndefined();
  });

  it('refuses half a token', () => {
    expect(faultOf(() => read(readTokenOrEnd('DOTD', 9), 'DOTD'))).toMatchObject({
      kind: 'truncated',
      message: 'the connection ended after 4 of the 12 bytes of token "DOTD"',
    });
  });
});

describe('readAnyToken()', () => {
  it('tells which of its tokens came', () => {
    expect(read(readAnyToken(['FILE', 'LINK'], 9), 'LINK00000002')).toEqual({ name: 'LINK', parameter: 2 });
    expect(read(readAnyToken(['FILE', 'LINK'], 9), 'FILE00000000')).toEqual({ name: 'FILE', parameter: 0 });
  });

  it('refuses every other', () => {
    expect(faultOf(() => read(readAnyToken(['FILE', 'LINK'], 9), 'NAME00000002'))).toMatchObject({
      kind: 'malformed',
      message: 'expected token "FILE" or "LINK" but got "NAME"',
    });
    expect(faultOf(() => read(readAnyToken(['FILE', 'LINK'], 9), 'LINK0000'))).toMatchObject({
      message: 'the connection ended after 8 of the 12 bytes of token "FILE" or "LINK"',
    });
  });
});
