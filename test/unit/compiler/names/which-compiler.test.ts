import { describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/basics/failure.ts';
import { findInvocation } from '../../../../src/compiler/names/which-compiler.ts';

describe('findInvocation()', () => {
  it.each([
    ['distcc', 'gcc -c a.c', 'explicit', 'gcc -c a.c'],
    ['/usr/bin/distcc', 'ccache gcc -c a.c', 'explicit', 'ccache gcc -c a.c'],
    ['distcc', 'foo.s -c', 'explicit', 'foo.s -c'],
    ['distcc', '-c a.c', 'implicit', 'cc -c a.c'],
    ['distcc', 'a.c -c', 'implicit', 'cc a.c -c'],
    ['distcc', 'a.o -o x', 'implicit', 'cc a.o -o x'],
    ['my-distcc-3', '--bogus', 'implicit', 'cc --bogus'],
    ['/usr/lib/distcc/gcc', '-c a.c', 'masquerade', 'gcc -c a.c'],
    ['g++-12', 'a.cc -c', 'masquerade', 'g++-12 a.cc -c'],
  ] as const)('%s %s is %s: %s', (invokedAs, args, kind, words) => {
    expect(findInvocation(invokedAs, args.split(' '))).toEqual({ kind, words: words.split(' ') });
  });

  it('keeps a masquerade without words', () => {
    expect(findInvocation('gcc', [])).toEqual({ kind: 'masquerade', words: ['gcc'] });
  });

  it.each([
    ['-foo', ['-c'], 'unrecognized distcc option: -foo'],
    ['distcc', [], 'missing option/operand'],
  ])('refuses %s %j', (invokedAs, args, sentence) => {
    expect(() => findInvocation(invokedAs, args)).toThrow(new Failure(101, sentence));
  });
});
