import { describe, expect, it } from 'vitest';
import { expandPreprocessorWords, lacksDependencyFile } from '../../../../src/compiler/command/preprocessor-words.ts';

describe('expandPreprocessorWords()', () => {
  it.each([
    ['gcc -Wp,-MD,f', 'gcc -MD -MF f'],
    ['gcc -Wp,-MMD,f', 'gcc -MMD -MF f'],
    ['gcc -Wp,-MD,f,-MT,x', 'gcc -MD -MF f -MT x'],
    ['gcc -Wp,-DX', 'gcc -DX'],
    ['gcc -Wp,-MD', 'gcc -MD'],
    ['gcc -Wp,-DX,-MD,f -c', 'gcc -DX -MD -MF f -c'],
    ['gcc -Wall -c a.c', 'gcc -Wall -c a.c'],
  ])('reads %s as %s', (line, expanded) => {
    expect(expandPreprocessorWords(line.split(' '))).toEqual(expanded.split(' '));
  });
});

describe('lacksDependencyFile()', () => {
  it.each([
    ['-Wp,-MD', true],
    ['-Wp,-DX,-MMD', true],
    ['-Wp,-MD,f', false],
    ['-Wp,-DX', false],
    ['-MD', false],
  ])('of %s is %s', (word, lacks) => expect(lacksDependencyFile(word)).toBe(lacks));
});
