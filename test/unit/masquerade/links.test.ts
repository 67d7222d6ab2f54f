import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeStep } from '../../../src/masquerade/links.ts';
import { writeUnwantedNames } from '../../../src/masquerade/unwanted-names.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'links-test-'));
  // Nothing takes the place of a directory.
  mkdirSync(join(folder, 'gcc/full'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a change that fails leaves no temporary file', () => {
  it('of a link', () => {
    expect(() => takeStep({ act: 'renew', path: join(folder, 'gcc'), target: '../distcc' })).toThrow();
    expect(readdirSync(folder)).toEqual(['gcc']);
  });

  it('of the list of names without a link', () => {
    expect(() => writeUnwantedNames({ path: join(folder, 'gcc'), lines: ['clang'] })).toThrow('run it as root');
    expect(readdirSync(folder)).toEqual(['gcc']);
  });
});
