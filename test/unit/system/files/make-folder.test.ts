import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../../../src/system/files/make-folder.ts';

describe('makeFolder()', () => {
  it('makes a folder and the one it is in, and does not mind that they are there', () => {
    const top = mkdtempSync(join(tmpdir(), 'folder-'));
    makeFolder(join(top, 'a/b'));
    makeFolder(join(top, 'a/b'));
    expect(existsSync(join(top, 'a/b'))).toBe(true);
    expect(() => makeFolder(join(top, 'x/y/z'))).toThrow('ENOENT');
    rmSync(top, { recursive: true });
  });

  it.runIf(process.platform === 'linux')('fails where nothing can be made', () => {
    expect(() => makeFolder('/proc/lock')).toThrow('ENOENT');
  });
});
