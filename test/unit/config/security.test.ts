import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageFile from '../../../package.json' with { type: 'json' };

const top = resolve(import.meta.dirname, '../../..');
const page = readFileSync(resolve(top, 'SECURITY.md'), 'utf8');
const promised = /^## What is promised$([^]*?)^## /m.exec(page)?.[1] ?? '';

interface Named {
  readonly file: string;
  readonly title: string;
}

/** The promises, each with its tests. */
const promises = promised
  .split(/^- /m)
  .slice(1)
  .map((text) => text.split(/^#/m)[0] ?? '')
  .map((text) => ({
    sentence: text.split(/\s+Test: /)[0] ?? '',
    // A title may go on in the next line of the page.
    tests: [...text.matchAll(/Test: `([^`]+)`,\s+"([^"]+)"/g)].map(([, file = '', title = '']): Named => ({
      file,
      title: title.replaceAll(/\s+/g, ' '),
    })),
  }));

/** The titles of a file's tests and of their tables, as they are written. */
function titlesIn(file: string): string {
  const path = resolve(top, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

describe('SECURITY.md', () => {
  it('names a test for each promise', () => {
    expect(promises.length).toBeGreaterThan(30);
    expect(promises.filter(({ tests }) => tests.length === 0).map(({ sentence }) => sentence)).toEqual([]);
  });

  it('names only tests that exist', () => {
    const named = promises.flatMap(({ tests }) => tests);
    const isTest = ({ file, title }: Named): boolean =>
      titlesIn(file)
        .split('\n')
        .some((line) => line.includes(title) && (/['"`]/.test(line) || line.startsWith('@test')));
    expect(named.filter((one) => !/\.(?:test\.ts|bats)$/.test(one.file) || !isTest(one))).toEqual([]);
  });

  it('names only commands and pages that exist', () => {
    const scripts = [...page.matchAll(/`npm (?:run )?([a-z-]+)/g)].map((match) => match[1] ?? '');
    expect(scripts.filter((name) => !Object.hasOwn(packageFile.scripts, name))).toEqual([]);
    const pages = [...page.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    expect(pages.filter((path) => !existsSync(resolve(top, path)))).toEqual([]);
  });
});
