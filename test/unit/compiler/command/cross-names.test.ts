import { describe, expect, it } from 'vitest';
import { crossCommand, leavesTarget, namesToLookFor } from '../../../../src/compiler/command/cross-names.ts';
import type { CompilerNames, ProgramFile } from '../../../../src/compiler/command/cross-names.ts';

const triple = 'x86_64-linux-gnu';

/** A machine by its names on PATH, each with the files that it leads to; one that begins with "distcc" is ours. */
function machine(files: Readonly<Record<string, readonly string[]>>): CompilerNames {
  const numbers = [...new Set(Object.values(files).flat())];
  const programs = (name: string): ProgramFile[] =>
    (files[name] ?? []).map((real, entry) => ({
      entry,
      ours: real.startsWith('distcc'),
      device: 1,
      inode: numbers.indexOf(real) + 1,
      real: `/usr/bin/${real}`,
    }));
  return { triple, programs };
}

const debian = machine({
  cc: ['distcc', 'gcc-12'],
  'c++': ['clang'],
  gcc: ['distcc', 'gcc-12'],
  'g++': ['g++-12'],
  'gcc-12': ['gcc-12'],
  clang: ['clang'],
  'clang++': ['clang'],
  'clang-14': ['clang'],
  [`${triple}-gcc`]: ['gcc-12'],
  [`${triple}-gcc-12`]: ['gcc-12'],
});

function sent(line: string, names = debian): string {
  const command = crossCommand(line.split(' '), names);
  return command.known ? command.words.join(' ') : command.because;
}

describe('crossCommand()', () => {
  it.each([
    ['cc -c a.c', `${triple}-gcc -c a.c`],
    ['c++ -c a.cc', 'clang++ -c a.cc'],
    ['gcc -c a.c', `${triple}-gcc -c a.c`],
    ['gcc-12 -E a.c', `${triple}-gcc-12 -E a.c`],
    ['gcc-11 -c a.c', 'gcc-11 -c a.c'],
    ['g++ -c a.cc', 'g++ -c a.cc'],
    ['/usr/bin/gcc -c a.c', '/usr/bin/gcc -c a.c'],
    ['./cc -c a.c', './cc -c a.c'],
    ['clang -c a.c', 'clang -c a.c'],
    ['clang-14 -c a.c', 'clang-14 -c a.c'],
    [`${triple}-gcc -c a.c`, `${triple}-gcc -c a.c`],
  ])('%s becomes %s', (line, expected) => expect(sent(line)).toBe(expected));

  it('leaves cc alone when it leads to no known compiler', () => {
    expect(sent('cc -c a.c', machine({ cc: ['tcc'], gcc: ['gcc-12'] }))).toBe('cc -c a.c');
    expect(sent('cc -c a.c', machine({}))).toBe('cc -c a.c');
  });

  it('keeps a wrapper or another version that comes first here', () => {
    const wrapper = { gcc: ['my-gcc', 'gcc-12'], [`${triple}-gcc`]: ['gcc-12'] };
    expect(sent('gcc -c a.c', machine(wrapper))).toContain(`"gcc" is another program than "${triple}-gcc"`);
    expect(sent('clang -c a.c', machine({ clang: ['clang-19', 'clang-14'] }))).toContain('the next "clang" of PATH');
    expect(sent('clang -c a.c', machine({ clang: ['clang-14', 'clang-14'] }))).toBe('clang -c a.c');
  });

  it('looks through ccache, which passes a command on', () => {
    const cached = machine({ gcc: ['ccache', 'gcc-12'], [`${triple}-gcc`]: ['ccache', 'gcc-12'] });
    expect(sent('gcc -c a.c', cached)).toBe(`${triple}-gcc -c a.c`);
    expect(sent('clang -c a.c', machine({ clang: ['ccache', 'clang-14'] }))).toBe('clang -c a.c');
  });

  it('tells what it changed', () => {
    expect(crossCommand(['cc', '-c', 'a.c'], debian)).toMatchObject({
      changes: ['rewriting "cc" to "gcc"', `rewriting "gcc" to "${triple}-gcc" to support cross-compilation`],
    });
    expect(crossCommand(['/usr/bin/gcc', '-c', 'a.c'], debian)).toMatchObject({ changes: [] });
  });
});

describe('namesToLookFor()', () => {
  it.each([
    ['gcc', ['gcc', `${triple}-gcc`]],
    ['cc', ['cc', 'clang', 'gcc', `${triple}-gcc`]],
    ['clang-14', ['clang-14']],
    ['/usr/bin/gcc', []],
  ])('of %s are %j', (given, names) => expect(namesToLookFor(given, triple)).toEqual(names));
});

describe('leavesTarget()', () => {
  it.each([
    ['clang -c a.c', true],
    ['clang++-14 -c a.cc', true],
    ['clang -m32 -c a.c', true],
    ['clang -target foo -c a.c', false],
    ['clang --target=foo -c a.c', false],
    ['clang -c a.c -D', false],
    ['clang -c -- a.c', false],
    ['clang-tidy a.c', false],
    ['aarch64-linux-gnu-clang -c a.c', false],
    ['gcc -c a.c', false],
  ])('of %s is %s', (line, expected) => expect(leavesTarget(line.split(' '))).toBe(expected));
});
