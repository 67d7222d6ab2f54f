import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import { limits } from '../../../../src/wire/limits.ts';
import { decodeDefinitions, encodeDefinitions } from '../../../../src/wire/inputs/definitions.ts';
import type { Definition } from '../../../../src/wire/inputs/definitions.ts';
import { checkInputPath } from '../../../../src/wire/inputs/input-path.ts';
import { decodeNumbers, encodeNumbers } from '../../../../src/wire/inputs/numbers.ts';
import { encodeVarints } from '../../../../src/wire/inputs/varint.ts';
import { holds } from '../checked.ts';
import { faultOf } from '../reading.ts';
import { definitions } from './messages.ts';

const decode = (bytes: Buffer): Definition[] => finish(decodeDefinitions(bytes));
const directory = (path: string): Definition => ({ kind: 'directory', number: 1, path });

describe('encodeDefinitions() and decodeDefinitions()', () => {
  it('agree about every kind', () => {
    expect(decode(encodeDefinitions(definitions))).toEqual(definitions);
    expect(decode(Buffer.alloc(0))).toEqual([]);
  });

  it('write a number, a kind, a path, and what the kind needs', () => {
    expect(encodeDefinitions([directory('/a')]).toString('hex')).toBe('0102022f61');
    expect(encodeDefinitions([{ kind: 'link', number: 2, path: '/a', target: 'b' }]).toString('hex')).toBe(
      '0201022f610162',
    );
    const hash = Buffer.alloc(32, 1);
    const proof = Buffer.alloc(32, 2);
    const file: Definition = { kind: 'file', number: 3, path: '/a', hash, size: 300, proof, mtimeNs: 256n };
    expect(encodeDefinitions([file]).toString('hex')).toBe(
      `0300022f61${'01'.repeat(32)}ac02${'02'.repeat(32)}0001000000000000`,
    );
  });

  it('refuse what ends early, wherever', () => {
    const [first, ...rest] = definitions.map((definition) => encodeDefinitions([definition]));
    for (const bytes of [first ?? Buffer.alloc(0), ...rest]) {
      for (let length = 1; length < bytes.length; length += 1) {
        expect(faultOf(() => decode(bytes.subarray(0, length)))).toMatchObject({ kind: 'malformed' });
      }
    }
  });

  it('refuse numbers out of range, unknown kinds, large files and links to nothing', () => {
    expect(faultOf(() => decode(Buffer.concat([encodeVarints([65_536]), Buffer.of(2)])))).toMatchObject({
      kind: 'too large',
      message: 'a number of token "DEFS" is 65536, more than the limit of 65535',
    });
    expect(faultOf(() => decode(Buffer.of(1, 3)))).toMatchObject({
      message: 'number 1 of token "DEFS" has an unknown kind',
    });
    expect(faultOf(() => decode(Buffer.from('01010\u00022f610', 'latin1')))).toMatchObject({ kind: 'malformed' });
    const file = { ...definitions[1], size: limits.inputLength + 1 } as Definition;
    expect(faultOf(() => decode(encodeDefinitions([file])))).toMatchObject({ kind: 'too large' });
    for (const target of ['', 'a\0b']) {
      const link: Definition = { kind: 'link', number: 1, path: '/a', target };
      expect(faultOf(() => decode(encodeDefinitions([link])))).toMatchObject({
        message: 'number 1 of token "DEFS" is a link to nothing',
      });
    }
    const most = `/${'a'.repeat(limits.pathLength - 1)}`;
    expect(decode(encodeDefinitions([directory(most)]))).toEqual([directory(most)]);
    expect(faultOf(() => decode(encodeDefinitions([directory(`${most}a`)])))).toMatchObject({ kind: 'too large' });
  });

  it('define no more numbers than a session has', () => {
    const one = encodeDefinitions([directory('/a')]);
    const most = Buffer.concat(Array.from({ length: limits.numbers }, () => one));
    expect(decode(most)).toHaveLength(limits.numbers);
    expect(faultOf(() => decode(Buffer.concat([most, one])))).toMatchObject({ kind: 'too large' });
  });
});

describe('checkInputPath()', () => {
  it.each(['/a', '/a/b.c', '/...', '/..a/b..', '/.a', '/a b/\u00e4'])('takes %s', (path) => {
    expect(checkInputPath(path, 'a test')).toBe(path);
  });

  it.each(['', 'a', '/', '//', '/a/', '/a//b', '/.', '/a/.', '/a/./b', '/..', '/a/..', '/../a', '/a/../b', '/a\0b'])(
    'refuses %j',
    (path) => {
      expect(faultOf(() => checkInputPath(path, 'a test'))).toMatchObject({ kind: 'malformed' });
    },
  );

  it('takes exactly what consists of names', () => {
    const part = fc.constantFrom('', '.', '..', 'a', '...', '.a');
    const property = fc.property(fc.array(part, { minLength: 1 }), (parts) => {
      const named = parts.every((name) => name !== '' && name !== '.' && name !== '..');
      const path = `/${parts.join('/')}`;
      expect(faultOf(() => checkInputPath(path, 'a test')) instanceof Error).toBe(true);
      if (named) expect(checkInputPath(path, 'a test')).toBe(path);
      else expect(() => checkInputPath(path, 'a test')).toThrow('slashes');
    });
    holds('paths', property);
  });
});

describe('encodeNumbers() and decodeNumbers()', () => {
  it('agree about numbers that rise', () => {
    const property = fc.property(fc.uniqueArray(fc.nat(65_535)), (values) => {
      const numbers = values.sort((one, other) => one - other);
      expect(decodeNumbers(encodeNumbers(numbers), 'a test')).toEqual(numbers);
    });
    holds('numbers', property);
    expect(encodeNumbers([0, 1, 300]).toString('hex')).toBe('0001ab02');
  });

  it('refuse numbers that do not rise, or are too large', () => {
    expect(() => encodeNumbers([1, 1])).toThrow(RangeError);
    expect(() => encodeNumbers([2, 1])).toThrow(RangeError);
    expect(() => encodeNumbers([65_536])).toThrow(RangeError);
    expect(faultOf(() => decodeNumbers(Buffer.of(5, 0), 'a test'))).toMatchObject({
      message: 'a number of a test comes twice',
    });
    expect(decodeNumbers(Buffer.of(0), 'a test')).toEqual([0]);
    expect(faultOf(() => decodeNumbers(encodeVarints([65_535, 1]), 'a test'))).toMatchObject({ kind: 'too large' });
  });
});
