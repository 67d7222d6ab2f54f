import { describe, expect, it } from 'vitest';
import { crossCommand } from '../../../src/compiler/cross-names.ts';
import type { CompilerNames } from '../../../src/compiler/cross-names.ts';

const triple = 'x86_64-linux-gnu';

/** Debian: /usr/bin/cc, by way of /etc/alternatives, is gcc. */
function debian(links: Record<string, string>, names: readonly string[]): CompilerNames {
  return {
    triple,
    find: (name) => (names.includes(name) ? `/usr/bin/${name}` : undefined),
    linkText: (path) => links[path],
  };
}

const both = debian(
  {
    '/usr/bin/cc': '/etc/alternatives/cc',
    '/etc/alternatives/cc': '/usr/bin/gcc',
    '/usr/bin/c++': 'clang++',
    '/usr/bin/gcc': 'gcc-12',
  },
  ['cc', 'c++', 'gcc', 'g++', 'gcc-12', 'clang', 'clang++', `${triple}-gcc`, `${triple}-gcc-12`],
);

const rewritten = (line: string, names = both): string => crossCommand(line.split(' '), names).words.join(' ');

describe('crossCommand()', () => {
  it.each([
    ['cc -c a.c', `${triple}-gcc -c a.c`],
    ['c++ -c a.cc', `clang++ -c a.cc -target ${triple}`],
    ['gcc -c a.c', `${triple}-gcc -c a.c`],
    ['gcc-12 -E a.c', `${triple}-gcc-12 -E a.c`],
    ['gcc-11 -c a.c', 'gcc-11 -c a.c'],
    ['g++ -c a.cc', 'g++ -c a.cc'],
    ['/usr/bin/gcc -c a.c', '/usr/bin/gcc -c a.c'],
    ['./cc -c a.c', './cc -c a.c'],
    ['ccache gcc -c a.c', 'ccache gcc -c a.c'],
    ['clang -c a.c', `clang -c a.c -target ${triple}`],
    ['clang-14 -c a.c', `clang-14 -c a.c -target ${triple}`],
    ['clang++-14 -c a.cc', `clang++-14 -c a.cc -target ${triple}`],
    ['clang -target foo -c a.c', 'clang -target foo -c a.c'],
    ['clang --target=foo -c a.c', 'clang --target=foo -c a.c'],
    ['clang-tidy a.c', 'clang-tidy a.c'],
    ['clang -c a.c -D', 'clang -c a.c -D'],
    ['clang -c -- a.c', 'clang -c -- a.c'],
    [`${triple}-gcc -c a.c`, `${triple}-gcc -c a.c`],
  ])('%s becomes %s', (line, expected) => expect(rewritten(line)).toBe(expected));

  it('leaves cc alone when it is no link to a known compiler', () => {
    expect(rewritten('cc -c a.c', debian({}, ['cc', 'gcc']))).toBe('cc -c a.c');
    expect(rewritten('cc -c a.c', debian({ '/usr/bin/cc': 'tcc' }, ['cc', 'tcc']))).toBe('cc -c a.c');
    expect(rewritten('cc -c a.c', debian({ '/usr/bin/cc': 'gcc' }, ['cc']))).toBe('cc -c a.c');
    expect(rewritten('cc -c a.c', debian({}, []))).toBe('cc -c a.c');
  });

  it('tells what it changed', () => {
    expect(crossCommand(['cc', '-c', 'a.c'], both).changes).toEqual([
      'rewriting "cc" to "gcc"',
      `rewriting "gcc" to "${triple}-gcc" to support cross-compilation`,
    ]);
    expect(crossCommand(['clang', '-c', 'a.c'], both).changes).toEqual([
      `adding "-target ${triple}" to support clang cross-compilation`,
    ]);
    expect(crossCommand(['/usr/bin/gcc', '-c', 'a.c'], both).changes).toEqual([]);
  });
});
