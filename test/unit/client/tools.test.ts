import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compilerTriple, toolsIn } from '../../../src/client/tools.ts';

describe('compilerTriple()', () => {
  it.each([
    ['x64', 'linux', '6.1.0-18-amd64', 'x86_64-linux-gnu'],
    ['arm64', 'linux', '6.1.0', 'aarch64-linux-gnu'],
    ['x64', 'freebsd', '14.1-RELEASE', 'x86_64-unknown-freebsd14.1'],
  ])('names %s with %s %s as its compilers do', (arch, platform, release, triple) => {
    expect(compilerTriple(arch, platform, release)).toBe(triple);
  });
});

describe('toolsIn()', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tools-test-'));
    for (const name of ['distcc-links', 'bin']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'gcc-9'), '', { mode: 0o755 });
    }
    symlinkSync('gcc-9', join(folder, 'bin/gcc'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('finds compilers on PATH, and passes over the directories of distcc', () => {
    const names = toolsIn(folder).compilerNames({ PATH: `distcc-links:bin` });
    expect(names.find('gcc-9')).toBe(join(folder, 'bin/gcc-9'));
    expect(names.find('clang')).toBeUndefined();
    expect([names.linkText(join(folder, 'bin/gcc')), names.linkText(join(folder, 'bin/gcc-9'))]).toEqual([
      'gcc-9',
      undefined,
    ]);
  });

  it('looks from its directory', () => {
    expect([toolsIn(folder).isExecutable('bin/gcc'), toolsIn(folder).isExecutable('bin')]).toEqual([true, false]);
  });
});
