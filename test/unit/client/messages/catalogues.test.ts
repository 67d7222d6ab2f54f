import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCatalogue } from '../../../../src/client/messages/catalogues.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'catalogues-'));
  for (const name of ['de/LC_MESSAGES/gcc-12.mo', 'fr/LC_MESSAGES/gcc.mo', 'ja/LC_MESSAGES/cpplib-12.mo']) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('hasCatalogue()', () => {
  it.each<readonly [string, string, boolean]>([
    ['de', 'gcc', true],
    ['de', 'x86_64-linux-gnu-g++-12', true],
    ['de', 'gcc-13', false],
    ['fr', 'gcc-13', true],
    ['ja', 'gcc', false],
    ['sv', 'gcc', false],
    ['../de', 'gcc', false],
    ['de_AT', 'gcc', false],
  ])('looks for the messages in "%s" of %s', (language, compiler, expected) => {
    expect(hasCatalogue(language, compiler, folder)).toBe(expected);
    expect(hasCatalogue(language, compiler, folder)).toBe(expected);
  });
});
