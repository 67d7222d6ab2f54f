import { execFileSync } from 'node:child_process';
import {
  chownSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryClaim, tryLock } from '../../../../src/system/files/file-lock.ts';
import { deadPid } from '../../../support/running.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-lock-test-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each([
  ['tryLock()', tryLock],
  ['tryClaim()', tryClaim],
])('%s', (_name, take) => {
  it('makes the file and gives the lock once, until it is released', () => {
    const first = take(path);
    expect(first).toBeDefined();
    expect(take(path)).toBeUndefined();
    first?.release();
    const second = take(path);
    expect(second).toBeDefined();
    first?.release();
    expect(take(path)).toBeUndefined();
    second?.release();
    expect(statSync(path).size).toBe(0);
  });

  it('keeps locks of different files apart', () => {
    const locks = [take(path), take(`${path}2`)];
    expect(locks.every((lock) => lock !== undefined)).toBe(true);
    for (const lock of locks) lock?.release();
  });

  it('takes nothing but a regular file', () => {
    symlinkSync(join(folder, 'elsewhere'), path);
    expect(() => take(path)).toThrow(`"${path}" is a symbolic link`);
    execFileSync('mkfifo', [`${path}2`]);
    expect(() => take(`${path}2`)).toThrow(`"${path}2" is not a regular file`);
    expect(readdirSync(folder).sort()).toEqual(['lock', 'lock2']);
  });

  it("takes somebody else's lock file in a shared folder", (context) => {
    if (process.getuid?.() !== 0) context.skip();
    writeFileSync(path, '');
    chownSync(path, 65_534, 65_534);
    const lock = take(path);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('throws when the file cannot be opened', () => {
    expect(() => take(join(folder, 'none/lock'))).toThrow('ENOENT');
  });
});

describe('tryClaim()', () => {
  it('respects a living owner and takes over from a dead one', () => {
    writeFileSync(path, `${process.ppid}\n`);
    expect(tryClaim(path)).toBeUndefined();
    writeFileSync(path, `${deadPid()}\n`);
    const lock = tryClaim(path);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    lock?.release();
  });

  it("takes over a claim from before this system started: its number is somebody else's now", () => {
    writeFileSync(path, `${process.ppid}\n`);
    const then = Date.now() / 1000 - uptime() - 60;
    utimesSync(path, then, then);
    const lock = tryClaim(path);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    lock?.release();
  });

  it('writes to no file that has another name', () => {
    writeFileSync(`${path}2`, 'precious');
    linkSync(`${path}2`, path);
    expect(() => tryClaim(path)).toThrow(`"${path}" has other names too`);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('takes over a file that stock clients made, or that holds nonsense', () => {
    writeFileSync(path, 'nonsense');
    const lock = tryClaim(path);
    expect(lock).toBeDefined();
    lock?.release();
  });
});
