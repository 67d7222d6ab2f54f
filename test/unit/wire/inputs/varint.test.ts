import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyReader, encodeVarints, readVarint } from '../../../../src/wire/inputs/varint.ts';
import { holds } from '../checked.ts';
import { faultOf, read } from '../reading.ts';

const most = 0xffff_ffff;

describe('encodeVarints()', () => {
  it('writes seven bits a byte, the lowest first', () => {
    expect(encodeVarints([0, 127, 128, 300, most]).toString('hex')).toBe('007f8001ac02ffffffff0f');
    expect(() => encodeVarints([-1])).toThrow(RangeError);
    expect(() => encodeVarints([2 ** 32])).toThrow(RangeError);
    expect(() => encodeVarints([0.5])).toThrow(RangeError);
  });

  it('is undone by BodyReader and readVarint()', () => {
    const property = fc.property(fc.array(fc.nat(most)), (values) => {
      const bytes = encodeVarints(values);
      const body = new BodyReader(bytes, 'a test');
      expect(values.map(() => body.number(most))).toEqual(values);
      expect(body.ended).toBe(true);
      for (const value of values) {
        const own = encodeVarints([value]);
        expect(read(readVarint('a test', most), own)).toEqual({ value, length: own.length });
      }
    });
    holds('varints', property);
  });
});

describe('BodyReader', () => {
  const reader = (hex: string): BodyReader => new BodyReader(Buffer.from(hex, 'hex'), 'a test');

  it.each(['', '80', 'ffffffff', '8080808080', '808080808000'])('refuses a number without an end: %s', (hex) => {
    expect(faultOf(() => reader(hex).number(most))).toMatchObject({
      kind: 'malformed',
      message: 'a number of a test has no end',
    });
  });

  it('refuses a number above its ceiling', () => {
    expect(reader('8001').number(128)).toBe(128);
    expect(faultOf(() => reader('8101').number(128))).toMatchObject({
      kind: 'too large',
      message: 'a number of a test is 129, more than the limit of 128',
    });
    expect(faultOf(() => reader('ffffffff7f').number(most))).toMatchObject({ kind: 'too large' });
  });

  it('takes no byte that is not there', () => {
    const body = reader('0102');
    expect(body.take(2)).toEqual(Buffer.of(1, 2));
    expect(faultOf(() => body.take(1))).toMatchObject({ kind: 'malformed', message: 'a test ends in the middle' });
  });
});

describe('readVarint()', () => {
  it('refuses what BodyReader refuses', () => {
    expect(faultOf(() => read(readVarint('a test', most), Buffer.from('8080808080', 'hex')))).toMatchObject({
      message: 'a number of a test has no end',
    });
    expect(faultOf(() => read(readVarint('a test', 5), Buffer.of(6)))).toMatchObject({ kind: 'too large' });
  });
});
