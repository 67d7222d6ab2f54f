import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compilerEnvironment } from '../../../src/server/compiler-environment.ts';

const german = { LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE', LC_MESSAGES: 'de_DE', LANGUAGE: 'de', CPATH: '/x', TZ: 'UTC' };

describe('compilerEnvironment()', () => {
  it('has compilers speak English in UTF-8, whatever the daemon speaks, and keeps out what changes a compile', () => {
    expect(compilerEnvironment(german, ['/usr/bin', '/bin'])).toEqual([
      'PATH=/usr/bin:/bin',
      'LC_ALL=C.UTF-8',
      'TZ=UTC',
      '_DISTCC_SAFEGUARD=1',
    ]);
  });

  it('gives gcc the quotes that a client can reduce', () => {
    const folder = mkdtempSync(join(tmpdir(), 'environment-'));
    try {
      writeFileSync(join(folder, 'a.c'), 'int f(void) { int unused; return 1; }\n');
      const words = ['-i', ...compilerEnvironment(german, ['/usr/bin', '/bin']), 'gcc', '-Wall', '-c', 'a.c'];
      expect(spawnSync('env', words, { cwd: folder, encoding: 'utf8' }).stderr).toContain('unused variable ‘unused’');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
