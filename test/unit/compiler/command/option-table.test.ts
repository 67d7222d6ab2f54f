import { describe, expect, it } from 'vitest';
import { localOptions } from '../../../../src/compiler/command/local-options.ts';
import { OptionTable } from '../../../../src/compiler/command/option-table.ts';
import type { OptionRule } from '../../../../src/compiler/command/option-table.ts';
import { danglingOption } from '../../../../src/compiler/command/option-values.ts';

const table = new OptionTable([
  { option: '--long', form: 'word', because: 'is long' },
  { option: '-B', form: 'value', because: 'has a value' },
  { option: '-f', form: 'start', only: (rest: string) => rest.endsWith('x'), because: 'ends in x' },
  { option: '@', form: 'start', because: 'is a file' },
]);

describe('OptionTable', () => {
  it.each([
    [['--long'], 'is long', '--long'],
    [['--longer'], undefined, undefined],
    [['-B', '/x'], 'has a value', '-B /x'],
    [['-B/x'], 'has a value', '-B/x'],
    [['-B'], 'has a value', '-B'],
    [['-fax', 'y'], 'ends in x', '-fax'],
    [['-fay'], undefined, undefined],
    [['@file'], 'is a file', '@file'],
    [['file'], undefined, undefined],
    [[''], undefined, undefined],
  ])('finds in %j: %s', (words, because, text) => {
    const match = table.find(words, 0);
    expect([match?.rule.because, match?.text]).toEqual([because, text]);
  });

  it('skips entries that the caller does not want', () => {
    expect(table.find(['--long'], 0, () => false)).toBeUndefined();
  });

  const tables: ReadonlyArray<{ name: string; rules: readonly OptionRule[] }> = [
    { name: 'localOptions', rules: localOptions.rules },
  ];

  it.each(tables)('$name is sorted, without an entry twice', ({ rules }) => {
    const options = rules.map((rule) => rule.option);
    expect(options.filter((option, at) => option < (options[at - 1] ?? ''))).toEqual([]);
    expect(new Set(rules.map((rule) => `${rule.option} ${rule.form}`)).size).toBe(rules.length);
  });

  it.each(tables)('$name gives every entry a reason that ends a sentence', ({ rules }) => {
    for (const { because } of rules) expect(because).toMatch(/^[a-z].*[^.]$/);
  });
});

describe('danglingOption()', () => {
  it.each([
    ['gcc -c a.c -o', '-o'],
    ['gcc -c a.c -I -D', undefined],
    ['gcc -c a.c -I x -D', '-D'],
    ['gcc -c a.c', undefined],
    ['-o', undefined],
  ])('of %s is %s', (line, option) => expect(danglingOption(line.split(' '))).toBe(option));
});
