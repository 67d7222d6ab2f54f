import { describe, expect, it } from 'vitest';
import { toolsBelow } from '../../../src/system/fence.ts';

describe('toolsBelow()', () => {
  it('names nothing when the compilers are elsewhere', () => {
    expect(toolsBelow('/tmp', ['/usr/bin', '/bin', '/tmpfiles/bin', '/opt/tmp/bin'])).toEqual([]);
  });

  it('names a toolchain in the temporary directory once, whole', () => {
    expect(toolsBelow('/tmp', ['/tmp/cross/bin', '/tmp/cross/sbin', '/tmp/a/b/bin'])).toEqual([
      '/tmp/cross',
      '/tmp/a/b',
    ]);
  });

  it('never names the temporary directory itself', () => {
    expect(toolsBelow('/tmp', ['/tmp/bin', '/tmp'])).toEqual(['/tmp/bin']);
    expect(toolsBelow('/', ['/bin'])).toEqual(['/bin']);
  });
});
