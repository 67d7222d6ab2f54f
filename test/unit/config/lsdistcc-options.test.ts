import { describe, expect, it } from 'vitest';
import { readSearchWords, searchOptions, searchUsage } from '../../../src/config/lsdistcc-options.ts';

describe('readSearchWords()', () => {
  it('looks for distcc1, distcc2 and so on without words', () => {
    expect(readSearchWords([])).toMatchObject({
      pattern: 'distcc%d',
      options: { l: false, p: '', P: 1, r: 3632, t: 7, c: 900, k: 1500, h: 500, m: 0, o: 1, g: 0 },
    });
  });

  it('reads values that are joined to their letter, and those that stand alone', () => {
    expect(readSearchWords(['-r43632', '-p', 'gcc', '-l', 'one', 'two'])).toMatchObject({
      names: ['one', 'two'],
      options: { r: 43632, p: 'gcc', l: true },
    });
  });

  it('reads letters that stand together', () => {
    expect(readSearchWords(['-nlxP2', 'one'])?.options).toMatchObject({ n: true, l: true, x: true, P: 2 });
  });

  it('takes a first word with %d for a format', () => {
    expect(readSearchWords(['-v', 'build%d.example', 'more'])).toMatchObject({ pattern: 'build%d.example' });
  });

  it.each([['-z'], ['--help'], ['-r0'], ['-rx'], ['-r'], ['-P4'], ['-m32'], ['-t-1'], ['-'], ['-p'], ['--']])(
    'refuses %s',
    (word) => {
      expect(readSearchWords([word])).toBeUndefined();
    },
  );

  it('refuses an option after a name, which would be looked for', () => {
    expect(readSearchWords(['localhost', '-x'])).toBeUndefined();
  });
});

describe('searchUsage', () => {
  it('has a line for every letter', () => {
    const named = [...searchUsage.matchAll(/^ {2}-([a-zA-Z])/gm)].map((match) => match[1]);
    expect(new Set(named)).toEqual(new Set(Object.keys(searchOptions)));
  });
});
