import { describe, expect, it } from 'vitest';
import { toolsBeside } from '../../../../src/system/fence/fence.ts';

describe('toolsBeside()', () => {
  it('names nothing when the compilers are elsewhere', () => {
    expect(toolsBeside('/tmp', ['/usr/bin', '/bin', '/tmpfiles/bin', '/opt/tmp/bin'])).toEqual([]);
  });

  it('names a toolchain in the temporary directory once, whole', () => {
    expect(toolsBeside('/tmp', ['/tmp/cross/bin', '/tmp/cross/sbin', '/tmp/a/b/bin'])).toEqual([
      '/tmp/cross',
      '/tmp/a/b',
    ]);
  });

  it('names one beside it, since a directory above both may be one that cannot be listed', () => {
    expect(toolsBeside('/home/me/tmp', ['/home/tools/gcc/bin', '/home/me/bin', '/usr/bin'])).toEqual([
      '/home/tools/gcc',
      '/home/me/bin',
    ]);
  });

  it('never names the temporary directory or one above it', () => {
    expect(toolsBeside('/tmp', ['/tmp/bin', '/tmp'])).toEqual(['/tmp/bin']);
    expect(toolsBeside('/var/tmp', ['/var', '/var/tmp', '/var/bin'])).toEqual(['/var/bin']);
    expect(toolsBeside('/', ['/bin'])).toEqual([]);
  });
});
