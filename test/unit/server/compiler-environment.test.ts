import { describe, expect, it } from 'vitest';
import { compilerEnvironment, toolDirectories } from '../../../src/server/compiler-environment.ts';

describe('compilerEnvironment()', () => {
  it("names the job's folder wherever a program would keep something, whatever the daemon's own are", () => {
    const own = {
      HOME: '/var/lib/x',
      TMPDIR: '/tmp',
      XDG_CACHE_HOME: '/var/cache/x',
      XDG_STATE_HOME: '/s',
      CCACHE_DIR: '/c',
    };
    expect(compilerEnvironment(own, ['/usr/bin'], '/.job').sort()).toEqual([
      'HOME=/.job',
      'PATH=/usr/bin',
      'TMPDIR=/.job',
      'XDG_CACHE_HOME=/.job',
      'XDG_CONFIG_HOME=/.job',
      'XDG_DATA_HOME=/.job',
      'XDG_RUNTIME_DIR=/.job',
      'XDG_STATE_HOME=/.job',
      '_DISTCC_SAFEGUARD=1',
    ]);
  });
});

describe('toolDirectories()', () => {
  it('finds where the parts of compilers are', () => {
    const own = { COMPILER_PATH: '/a/b:relative:', GCC_EXEC_PREFIX: '/g/lib/gcc/', LD_LIBRARY_PATH: '/l:/m' };
    expect(toolDirectories(own)).toEqual(['/a/b', '/l', '/m', '/g/lib/gcc']);
    expect(toolDirectories({})).toEqual([]);
  });
});
