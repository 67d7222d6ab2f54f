import { describe, expect, it } from 'vitest';
import {
  dependencyFile,
  dependencyOutput,
  dependencyWishes,
} from '../../../../src/compiler/command/dependency-file.ts';

describe('dependencyFile()', () => {
  it.each([
    ['x.o', 'x.d'],
    ['sub/x.o', 'sub/x.d'],
    ['x', 'x.d'],
    ['sub.d/x', 'sub.d/x.d'],
    ['hello.bar.foo', 'hello.bar.d'],
    ['hello.', 'hello.d'],
    ['hello..', 'hello..d'],
    ['.x', '.d'],
    ['sub/.x', 'sub/.d'],
    ['.x.o', '.x.d'],
    ['x.o.tmp', 'x.o.d'],
    ['../x.o', '../x.d'],
    ['../x', '../x.d'],
  ])('of %s is %s', (output, file) => expect(dependencyFile(output)).toBe(file));
});

describe('dependencyWishes()', () => {
  it.each([
    ['-Wp,-MMD,f', true],
    ['-Wp,-MMD,,f', true],
    ['-Wp,,-MMD,f,', true],
    ['-Wp,-MMD,f,-MP', false],
    ['-Wp,-MMD,', false],
  ])('leaves out empty words as clang does: %s names a file: %s', (word, file) => {
    expect(dependencyWishes(['clang', word])).toMatchObject({ asked: true, file });
  });
});

describe('dependencyOutput()', () => {
  const outputOf = (line: string) => dependencyOutput({ words: line.split(' '), output: 'x/a.o' });

  it.each([
    ['-MD', 'x/a.d'],
    ['-MMD -MFd', 'd'],
    ['-MD -MF d -MT x', 'd'],
    ['-Wp,-MD,d', 'd'],
    ['-Wp,-MMD,x/.a.o.d', 'x/.a.o.d'],
    ['-Wp,-MD,d -MT x -MP', 'd'],
    ['-Wp,-DX -Wp,-MD,d', 'd'],
  ])('knows the file of %s', (words, path) => {
    for (const compiler of ['gcc', 'clang']) expect(outputOf(`${compiler} ${words}`)).toEqual({ kind: 'file', path });
  });

  it.each([
    '-MF d',
    '-MD -MF -',
    '-Wp,-MD,-',
    '-Wp,-MD,',
    '-Wp,-MD',
    '-Wp,-MD,d,-MT,x',
    '-Wp,-DX,-MD,d',
    '-Wp,-MD,d -MD',
    '-Wp,-MD,d -MMD',
    '-Wp,-MD,d -MF e',
    '-Wp,-MD,d -Wp,-MD,e',
    '-Wp,-MD,d -Wp,-MT,x',
    '-Wp,-MD,d -Xpreprocessor -MP',
    '-Xpreprocessor -MD -Xpreprocessor d',
  ])('does not know the file of %s', (words) => {
    for (const compiler of ['gcc', 'clang']) expect(outputOf(`${compiler} ${words}`)).toEqual({ kind: 'elsewhere' });
  });

  it('knows that there is none', () => {
    expect(outputOf('gcc -O2 -Wp,-DX')).toEqual({ kind: 'none' });
  });
});
