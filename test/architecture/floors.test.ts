import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The house from the ground up: a file imports its own folder and lower floors, never a neighbour, never upward. */
const floors = [
  ['basics'],
  ['wire', 'compiler'],
  ['system'],
  ['logging', 'config', 'job-state'],
  ['server', 'client', 'monitor'],
  ['programs'],
];

/** Floors that must stay pure: no clock, no file, no process; Buffer is a global and needs no import. */
const pure = new Set(['basics', 'wire', 'compiler']);

const source = resolve(import.meta.dirname, '../../src');

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

const folderOf = (name: string): string => name.split('/')[0] ?? '';
const floorOf = (folder: string): number => floors.findIndex((rooms) => rooms.includes(folder));

function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|\brequire\(\s*)['"]([^'"]+)['"]/g);
  return [...found].map((match) => match[1] ?? '');
}

/** What is wrong with one import, or undefined. */
function wrong(name: string, specifier: string): string | undefined {
  const folder = folderOf(name);
  if (!specifier.startsWith('.')) {
    return pure.has(folder) ? `${name} imports "${specifier}", but ${folder} is pure` : undefined;
  }
  const target = folderOf(relative(source, resolve(source, dirname(name), specifier)));
  if (target === folder || floorOf(target) < floorOf(folder)) return undefined;
  return `${name} imports "${specifier}", which is not below ${folder}`;
}

describe('floors', () => {
  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(5);
  });

  it('every file lives on a known floor', () => {
    expect(files.map(({ name }) => name).filter((name) => floorOf(folderOf(name)) === -1)).toEqual([]);
  });

  it('no file imports upward, sideways, or the world into a pure floor', () => {
    const faults = files.flatMap(({ name, text }) => importsOf(text).map((specifier) => wrong(name, specifier)));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('the pure floors use no clock and no process', () => {
    const impure = /\b(?:Date|process|performance|setTimeout|Math\.random)\b/;
    const code = (text: string): string =>
      text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/'[^'\n]*'/g, '');
    const faults = files.filter(({ name, text }) => pure.has(folderOf(name)) && impure.test(code(text)));
    expect(faults.map(({ name }) => name)).toEqual([]);
  });

  it.each([
    ['wire/token.ts', '../system/posix.ts'],
    ['server/job.ts', '../client/compile.ts'],
    ['logging/logger.ts', '../config/options.ts'],
    ['wire/token.ts', 'node:fs'],
  ])('would catch %s importing %s', (name, specifier) => {
    expect(wrong(name, specifier)).toBeDefined();
  });
});
