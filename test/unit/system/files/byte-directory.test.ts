import { mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directoryPath } from '../../../../src/system/files/byte-directory.ts';
import { bytesOf } from '../../../../src/system/byte-text.ts';

describe.skipIf(process.platform !== 'linux')('directoryPath', () => {
  let top: string;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'distccd-bytes-'));
  });
  afterEach(() => rmSync(top, { recursive: true }));

  it('gives a UTF-8 path unchanged, and nothing for no path', () => {
    expect(directoryPath('/a/b')).toBe('/a/b');
    expect(directoryPath('/\xc3\xa4')).toBe('/ä');
    expect(directoryPath(undefined)).toBeUndefined();
  });

  it('makes and reaches a directory whose name is not UTF-8, also when it was removed and made again', () => {
    const name = `${top}/\xe4`;
    const path = directoryPath(name) ?? '';
    writeFileSync(`${path}/one`, '');
    expect(readdirSync(bytesOf(name))).toEqual(['one']);
    expect(directoryPath(name)).toBe(path);
    rmSync(`${path}/one`);
    rmdirSync(bytesOf(name));
    writeFileSync(`${directoryPath(name)}/two`, '');
    expect(readdirSync(bytesOf(name))).toEqual(['two']);
  });

  it('gives nothing where it cannot be made', () => {
    expect(directoryPath(`${top}/none/\xe4`)).toBeUndefined();
  });
});
