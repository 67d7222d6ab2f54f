import { describe, expect, it } from 'vitest';
import {
  baseName,
  defaultOutput,
  isConftest,
  isObjectName,
  isPreprocessed,
  isSourceName,
  preprocessedExtension,
} from '../../../../src/compiler/names/source-name.ts';

describe('isSourceName()', () => {
  it.each([
    'a.c',
    'a.cc',
    'a.cpp',
    'a.cxx',
    'a.cp',
    'a.c++',
    'a.C',
    'a.m',
    'a.mm',
    'a.M',
    'a.i',
    'a.ii',
    'a.mi',
    'a.mii',
  ])('takes %s', (name) => expect(isSourceName(name)).toBe(true));

  it.each(['a', 'a.', 'a.CC', 'a.s', 'a.S', 'a.h', 'a.f90', 'a.go', 'a.cu', 'gcc', '', 'x.c/y', '.'])(
    'does not take "%s"',
    (name) => expect(isSourceName(name)).toBe(false),
  );

  it('takes an extension alone', () => expect(isSourceName('.c')).toBe(true));
});

describe('preprocessedExtension()', () => {
  it.each([
    ['a.c', '.i'],
    ['a.i', '.i'],
    ['a.cc', '.ii'],
    ['a.C', '.ii'],
    ['a.c++', '.ii'],
    ['a.ii', '.ii'],
    ['a.m', '.mi'],
    ['a.mi', '.mi'],
    ['a.M', '.mii'],
    ['a.mm', '.mii'],
    ['a.mii', '.mii'],
    ['a.h', undefined],
  ])('turns %s into %s', (name, extension) => expect(preprocessedExtension(name)).toBe(extension));
});

describe('isPreprocessed()', () => {
  it('knows preprocessed text by its extension', () => {
    expect(['a.i', 'a.ii', 'a.mi', 'a.mii'].every((name) => isPreprocessed(name))).toBe(true);
    expect(['a.c', 'a.C', 'i', 'a.I'].some((name) => isPreprocessed(name))).toBe(false);
  });
});

describe('isObjectName()', () => {
  it('takes every word that ends in ".o"', () => {
    expect(['a.o', '.o', 'x/y.o', 'libx.so'].map((name) => isObjectName(name))).toEqual([true, true, true, false]);
  });
});

describe('defaultOutput()', () => {
  it.each([
    ['hello.c', '.o', 'hello.o'],
    ['../src/hello.c', '.o', 'hello.o'],
    ['hello.c', '.s', 'hello.s'],
    ['my file.c', '.o', 'my file.o'],
    ['a.b.c', '.o', 'a.b.o'],
    ['.c', '.o', undefined],
    ['x/.c', '.o', undefined],
  ] as const)('of %s with %s is %s', (source, extension, output) => {
    expect(defaultOutput(source, extension)).toBe(output);
  });
});

describe('isConftest()', () => {
  it.each([
    ['conftest.c', true],
    ['dir/conftest.cc', true],
    ['tmp.conftest.c', true],
    ['conftest2.c', false],
    ['my.conftest.c', false],
    ['conftest/a.c', false],
  ])('of %s is %s', (source, probe) => expect(isConftest(source)).toBe(probe));
});

describe('baseName()', () => {
  it('is what follows the last slash', () => {
    expect(['/usr/bin/gcc', 'gcc', 'a/'].map((path) => baseName(path))).toEqual(['gcc', 'gcc', '']);
  });
});
