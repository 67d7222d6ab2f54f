import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compilerTriple, programsIn } from '../../../../src/client/user-files/find-tools.ts';

describe('compilerTriple()', () => {
  it.each([
    ['x64', 'linux', '6.1.0-18-amd64', 'x86_64-linux-gnu'],
    ['arm64', 'linux', '6.1.0', 'aarch64-linux-gnu'],
    ['x64', 'freebsd', '14.1-RELEASE', 'x86_64-unknown-freebsd14.1'],
  ])('names %s with %s %s as its compilers do', (arch, platform, release, triple) => {
    expect(compilerTriple(arch, platform, release)).toBe(triple);
  });
});

describe('programsIn()', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tools-test-'));
    for (const name of ['links', 'bin']) mkdirSync(join(folder, name));
    for (const name of ['gcc-9', 'distcc']) writeFileSync(join(folder, 'bin', name), '', { mode: 0o755 });
    writeFileSync(join(folder, 'bin/text'), '');
    symlinkSync('gcc-9', join(folder, 'bin/gcc'));
    symlinkSync('../bin/distcc', join(folder, 'links/gcc'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('finds the programs of a name in the order of PATH, with the files that they are', () => {
    const programs = programsIn('links:none:bin', folder);
    const [own, real] = ['bin/distcc', 'bin/gcc-9'].map((name) => statSync(join(folder, name)));
    expect(programs('gcc')).toEqual([
      { entry: 0, ours: true, device: own?.dev, inode: own?.ino, real: join(folder, 'bin/distcc') },
      { entry: 2, ours: false, device: real?.dev, inode: real?.ino, real: join(folder, 'bin/gcc-9') },
    ]);
    expect([programs('text'), programs('clang')]).toEqual([[], []]);
  });
});
