import { describe, expect, it } from 'vitest';
import { compilerEnvironment } from '../../../src/server/compiler-environment.ts';

describe('compilerEnvironment()', () => {
  it('is written afresh: the search path, the language and the guard against circles', () => {
    const own = { PATH: '/x', LANG: 'de_DE.UTF-8', LC_ALL: 'C.UTF-8', LANGUAGE: 'de:en', _DISTCC_SAFEGUARD: '1' };
    expect(compilerEnvironment(own, ['/usr/bin', '/bin']).sort()).toEqual([
      'LANG=de_DE.UTF-8',
      'LANGUAGE=de:en',
      'LC_ALL=C.UTF-8',
      'LLVM_DISABLE_SYMBOLIZATION=1',
      'PATH=/usr/bin:/bin',
      '_DISTCC_SAFEGUARD=2',
    ]);
  });

  it.each(
    [
      'CCC_OVERRIDE_OPTIONS CC_PRINT_OPTIONS CC_PRINT_OPTIONS_FILE CLANG_CRASH_DIAGNOSTICS_DIR COMPILER_PATH CPATH',
      'C_INCLUDE_PATH DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES GCC_COMPARE_DEBUG GCC_EXEC_PREFIX GCONV_PATH HOME LOCPATH',
      'LD_AUDIT LD_LIBRARY_PATH LD_PRELOAD NOTIFY_SOCKET TMPDIR TZ USER LOGNAME NLSPATH LC_all',
    ]
      .join(' ')
      .split(' '),
  )('has no %s, which compilers or their loader would obey', (name) => {
    expect(compilerEnvironment({ [name]: '/x' }, []).join(' ')).toBe(
      'LLVM_DISABLE_SYMBOLIZATION=1 PATH= _DISTCC_SAFEGUARD=1',
    );
  });

  it('takes no path for a language', () => {
    expect(compilerEnvironment({ LANGUAGE: '../../x', LC_ALL: '/x' }, []).join(' ')).not.toContain('x');
  });
});
