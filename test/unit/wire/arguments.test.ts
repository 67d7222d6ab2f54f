import { describe, expect, it } from 'vitest';
import { encodeArguments, readArguments } from '../../../src/wire/arguments.ts';
import { limits } from '../../../src/wire/limits.ts';
import { faultOf, read } from './reading.ts';

describe('encodeArguments()', () => {
  it('writes the count, then each argument', () => {
    expect(encodeArguments(['gcc', '-c', '']).toString()).toBe('ARGC00000003ARGV00000003gccARGV00000002-cARGV00000000');
  });

  it('does not write a command line without a compiler, which crashes stock servers', () => {
    expect(() => encodeArguments([])).toThrow(new RangeError('a command line has at least the name of its compiler'));
  });
});

describe('readArguments()', () => {
  it('reads what encodeArguments() writes', () => {
    for (const argv of [['cc'], ['gcc', '', '-DGrüße="x y"', '\n']]) {
      expect(read(readArguments(), encodeArguments(argv))).toEqual(argv);
    }
  });

  it('refuses a command line without a compiler', () => {
    expect(faultOf(() => read(readArguments(), 'ARGC00000000'))).toMatchObject({
      kind: 'malformed',
      message: 'the count of token "ARGC" is 0, without even a compiler',
    });
  });

  it('reads as many arguments as the limit allows', () => {
    const argv = Array.from({ length: limits.arguments }, () => 'x');
    expect(read(readArguments(), encodeArguments(argv)).length).toBe(limits.arguments);
    expect(faultOf(() => read(readArguments(), 'ARGC00004001'))).toMatchObject({
      kind: 'too large',
      message: 'the count of token "ARGC" is 16385, more than the limit of 16384',
    });
  });

  it('reads an argument as long as the limit allows', () => {
    const longest = 'x'.repeat(limits.argumentLength);
    expect(read(readArguments(), encodeArguments([longest]))).toEqual([longest]);
    expect(faultOf(() => read(readArguments(), 'ARGC00000001ARGV00020001'))).toMatchObject({
      kind: 'too large',
      message: 'the length of token "ARGV" is 131073, more than the limit of 131072',
    });
  });

  it('reads arguments as long together as the limit allows', () => {
    const longest = 'x'.repeat(limits.argumentLength);
    const most = Array.from({ length: limits.argumentsTotal / limits.argumentLength }, () => longest);
    expect(read(readArguments(), encodeArguments([...most, ''])).length).toBe(most.length + 1);
    expect(faultOf(() => read(readArguments(), encodeArguments([...most, 'x'])))).toMatchObject({
      kind: 'too large',
      message: 'the arguments are longer than 2097152 bytes together',
    });
  });
});
