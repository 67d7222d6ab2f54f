import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOnLocalFilesystem } from '../../../../src/system/files/local-filesystem.ts';

describe.skipIf(process.platform !== 'linux')('isOnLocalFilesystem()', () => {
  it('is true on a disk of this machine or in its memory', () => {
    const folder = mkdtempSync(join('/dev/shm', 'local-'));
    expect(isOnLocalFilesystem(folder)).toBe(true);
    rmdirSync(folder);
  });

  it('is false on any other, and where there is nothing', () => {
    expect(isOnLocalFilesystem('/proc')).toBe(false);
    expect(isOnLocalFilesystem('/nowhere')).toBe(false);
  });
});
