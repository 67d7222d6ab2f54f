import { describe, expect, it } from 'vitest';
import { coloured, colourWords } from '../../../../src/compiler/messages/colour-words.ts';

const always = '-fdiagnostics-color=always';
const on = (environment: Readonly<Record<string, string>> = { TERM: 'xterm' }) => ({
  stderrIsTerminal: true,
  environment,
});
const off = { stderrIsTerminal: false, environment: { TERM: 'xterm' } };
const decide = (command: string, facts = on()): boolean => colourWords(command.split(' '), facts).length > 0;

describe('colourWords()', () => {
  it('asks for colours where the compiler would use them by itself', () => {
    expect(colourWords(['gcc', '-c', 'a.c'], on())).toEqual([always]);
    expect(colourWords(['clang', '-c', 'a.c'], on())).toEqual([always]);
    expect(colourWords(['gcc', '-c', 'a.c'], off)).toEqual([]);
    expect(colourWords(['gcc', '-c', 'a.c', '-fdiagnostics-color=auto'], off)).toEqual([]);
  });

  // What gcc 12 and clang 19 did on a terminal; the third is NO_COLOR, as clang 19 has it.
  it.each<readonly [Readonly<Record<string, string>>, boolean, boolean]>([
    [{}, false, false],
    [{ TERM: 'dumb' }, false, false],
    [{ TERM: '' }, true, false],
    [{ TERM: 'xterm', NO_COLOR: '1' }, false, false],
    [{ TERM: 'xterm', NO_COLOR: '' }, true, true],
    [{ TERM: 'xterm', GCC_COLORS: '' }, false, true],
    [{ TERM: 'xterm', GCC_COLORS: 'error=01;31' }, true, true],
    [{ TERM: 'vt100' }, true, true],
    [{ TERM: 'vt52' }, true, false],
    [{ TERM: 'tmux-256color' }, true, true],
    [{ TERM: 'foot' }, true, false],
    [{ TERM: 'dumb', COLORTERM: 'truecolor' }, false, false],
  ])('decides by %j as gcc and clang do', (environment, gcc, clang) => {
    expect(decide('gcc -c a.c', on(environment))).toBe(gcc);
    expect(decide('x86_64-linux-gnu-g++-12 -c a.c', on(environment))).toBe(gcc);
    expect(decide('clang++-19 -c a.c', on(environment))).toBe(clang);
  });

  it.each([
    '-fdiagnostics-color=never',
    '-fno-diagnostics-color',
    '-fno-color-diagnostics',
    '-fdiagnostics-plain-output',
  ])('lets %s hold, unless a later word decides otherwise', (word) => {
    expect(decide(`gcc ${word} -c a.c`)).toBe(false);
    expect(decide(`gcc ${word} -c a.c -fdiagnostics-color=auto`)).toBe(true);
    expect(decide(`gcc -fdiagnostics-color=auto -c a.c ${word}`)).toBe(false);
  });

  it.each(['-fdiagnostics-color', '-fdiagnostics-color=always', '-fcolor-diagnostics'])(
    'adds nothing to %s',
    (word) => {
      expect(decide(`clang ${word} -c a.c`)).toBe(false);
    },
  );
});

describe('coloured()', () => {
  it('puts the word where it decides, and before any "--"', () => {
    expect(coloured(['clang', '-c', '--', 'a.c'], on())).toEqual(['clang', always, '-c', '--', 'a.c']);
    expect(coloured(['gcc', '-fdiagnostics-color=auto', '-c', 'a.c'], on())).toEqual([
      'gcc',
      '-fdiagnostics-color=auto',
      always,
      '-c',
      'a.c',
    ]);
  });

  it('leaves a command alone that needs no word', () => {
    const words = ['gcc', '-c', 'a.c'];
    expect(coloured(words, off)).toBe(words);
  });
});
