import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createAnew,
  isOwn,
  openOrCreate,
  openRegular,
  requireHarmless,
} from '../../../../src/system/files/open-own-file.ts';

let folder = '';
let path = '';
const opened: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'open-own-file-test-'));
  path = join(folder, 'file');
});
afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

function keep(descriptor: number): number {
  opened.push(descriptor);
  return descriptor;
}

describe('openRegular()', () => {
  it('takes what is not a regular file for unsafe, however the system refuses it', async () => {
    const server = createServer().listen(path);
    await once(server, 'listening');
    for (const flags of [constants.O_RDONLY, constants.O_RDWR]) {
      expect(() => openRegular(path, flags)).toThrow(`"${path}" is not a regular file`);
      expect(() => openRegular(folder, flags)).toThrow(`"${folder}" is not a regular file`);
      expect(() => openRegular('/dev/null', flags)).toThrow('"/dev/null" is not a regular file');
    }
    server.close();
  });

  it('passes on why a regular file cannot be opened', () => {
    expect(() => openRegular(path, constants.O_RDONLY)).toThrow('ENOENT');
    expect(() => openRegular(join(folder, 'none/file'), constants.O_RDONLY)).toThrow('ENOENT');
  });
});

describe('openOrCreate()', () => {
  it('makes a file by the umask, and opens it again', () => {
    const umask = process.umask(0o027);
    keep(openOrCreate(path));
    process.umask(umask);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    keep(openOrCreate(path));
  });

  it('makes nothing where a link leads', () => {
    symlinkSync(join(folder, 'elsewhere'), path);
    expect(() => openOrCreate(path)).toThrow('is a symbolic link');
    expect(() => lstatSync(join(folder, 'elsewhere'))).toThrow('ENOENT');
  });
});

describe('isOwn()', () => {
  it.each([
    [{ owner: 1, folderOwner: 2, user: 1 }, true],
    [{ owner: 2, folderOwner: 2, user: 1 }, true],
    [{ owner: 3, folderOwner: 1, user: 1 }, true],
    [{ owner: 3, folderOwner: 2, user: 1 }, false],
  ])('takes %j for %s', (ownership, own) => {
    expect(isOwn(ownership)).toBe(own);
  });
});

describe('createAnew()', () => {
  it("leaves somebody else's file in a shared folder alone", (context) => {
    if (process.getuid?.() !== 0) context.skip();
    chmodSync(folder, 0o1777);
    chownSync(folder, 65_533, 65_533);
    writeFileSync(path, 'theirs');
    chownSync(path, 65_534, 65_534);
    expect(() => createAnew(path)).toThrow(`"${path}" belongs to somebody else`);
    expect(statSync(path).size).toBe(6);
  });
});

describe('requireHarmless()', () => {
  it('refuses a file with another name, also one that was removed in the meantime', () => {
    writeFileSync(join(folder, 'precious'), 'precious');
    linkSync(join(folder, 'precious'), path);
    const descriptor = keep(openOrCreate(path));
    expect(() => requireHarmless(descriptor, path, 1)).toThrow(`"${path}" has other names too`);
    unlinkSync(path);
    expect(() => requireHarmless(descriptor, path, 1)).toThrow(`"${path}" has just been replaced`);
    writeFileSync(path, 'x');
    expect(() => requireHarmless(descriptor, path, 1)).toThrow(`"${path}" has just been replaced`);
  });

  it("takes an own file whatever it holds, and somebody else's only when it is short", (context) => {
    if (process.getuid?.() !== 0) context.skip();
    writeFileSync(path, 'xx');
    const descriptor = keep(openOrCreate(path));
    requireHarmless(descriptor, path, 1);
    chownSync(folder, 65_533, 65_533);
    chownSync(path, 65_534, 65_534);
    requireHarmless(descriptor, path, 2);
    expect(() => requireHarmless(descriptor, path, 1)).toThrow('belongs to somebody else, and holds something else');
  });
});
