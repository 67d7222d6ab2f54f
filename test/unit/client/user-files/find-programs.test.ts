import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programsIn } from '../../../../src/client/user-files/find-programs.ts';

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
