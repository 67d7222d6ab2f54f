import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compilerEnvironment } from '../../../../src/server/job/compiler-environment.ts';

const german = { LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE', LC_MESSAGES: 'de_DE', LANGUAGE: 'de', CPATH: '/x', TZ: 'UTC' };

describe('compilerEnvironment()', () => {
  it("is written afresh: the search path, English in UTF-8, the job's folder and the guard against circles", () => {
    const own = { ...german, PATH: '/x', _DISTCC_SAFEGUARD: '1' };
    expect(compilerEnvironment(own, ['/usr/bin', '/bin'], '/.job')).toEqual([
      'PATH=/usr/bin:/bin',
      'LC_ALL=C.UTF-8',
      'LLVM_DISABLE_SYMBOLIZATION=1',
      'HOME=/.job',
      'TMPDIR=/.job',
      'XDG_CACHE_HOME=/.job',
      'XDG_CONFIG_HOME=/.job',
      'XDG_DATA_HOME=/.job',
      'XDG_RUNTIME_DIR=/.job',
      'XDG_STATE_HOME=/.job',
      '_DISTCC_SAFEGUARD=2',
    ]);
  });

  it.each(
    [
      'CCACHE_DIR CCC_OVERRIDE_OPTIONS CC_PRINT_OPTIONS CC_PRINT_OPTIONS_FILE CLANG_CRASH_DIAGNOSTICS_DIR COMPILER_PATH',
      'CPATH C_INCLUDE_PATH DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES GCC_COMPARE_DEBUG GCC_EXEC_PREFIX GCONV_PATH HOME',
      'LANG LANGUAGE LC_CTYPE LC_all LD_AUDIT LD_LIBRARY_PATH LD_PRELOAD LOCPATH LOGNAME NLSPATH NOTIFY_SOCKET TMPDIR TZ',
      'USER XDG_CACHE_HOME',
    ]
      .join(' ')
      .split(' '),
  )("has no %s of the daemon's, which compilers or their loader would obey", (name) => {
    const without = compilerEnvironment({}, [], '.');
    expect(compilerEnvironment({ [name]: '/x' }, [], '.')).toEqual(without);
  });

  it('gives gcc the quotes that a client can reduce', () => {
    const folder = mkdtempSync(join(tmpdir(), 'environment-'));
    try {
      writeFileSync(join(folder, 'a.c'), 'int f(void) { int unused; return 1; }\n');
      const words = ['-i', ...compilerEnvironment(german, ['/usr/bin', '/bin'], '.'), 'gcc', '-Wall', '-c', 'a.c'];
      expect(spawnSync('env', words, { cwd: folder, encoding: 'utf8' }).stderr).toContain('unused variable ‘unused’');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
