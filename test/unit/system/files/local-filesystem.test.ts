import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOnLocalFilesystem, localFilesystems } from '../../../../src/system/files/local-filesystem.ts';

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

describe('the numbers of local filesystems', () => {
  it('are the same in the launcher', () => {
    const source = readFileSync(resolve(import.meta.dirname, '../../../../src/launcher/inputs.c'), 'utf8');
    const [, list = ''] = /unsigned long types\[\] = \{([^}]*)\}/.exec(source) ?? [];
    const numbers = list.split(',').map((text) => Number(text.trim()));
    expect(new Set(numbers)).toEqual(localFilesystems);
  });
});
