import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHostWord } from '../../../../src/client/hosts/host-word.ts';
import type { DistantHost } from '../../../../src/client/hosts/host.ts';
import { openLockFolder, readLockFolder } from '../../../../src/client/slots/lock-folder.ts';
import { posix } from '../../../../src/system/posix.ts';
import { needs } from '../../../support/needs.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-folder-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function hostOf(word: string): DistantHost {
  const host = readHostWord(word, () => {});
  if (host.kind === 'local') throw new Error('not a distant host');
  return host;
}

const angry = hostOf('angry:4000');

describe('openLockFolder()', () => {
  it('makes the folder at first use and names the files as distcc does', () => {
    const path = join(folder, 'deep/lock');
    const locks = openLockFolder(path, 60);
    expect(existsSync(path)).toBe(false);
    locks.take({ host: angry, slot: 3 });
    locks.takeLocal(2);
    locks.rest(angry);
    expect(readdirSync(path).sort()).toEqual(['backoff_tcp_angry_4000_0', 'cpu_localhost_0', 'cpu_tcp_angry_4000_3']);
  });

  it('gives a slot once, until it is released', () => {
    const locks = openLockFolder(folder, 60);
    const first = locks.take({ host: angry, slot: 0 });
    expect(first).toBeDefined();
    expect(locks.take({ host: angry, slot: 0 })).toBeUndefined();
    first?.release();
    const second = locks.take({ host: angry, slot: 0 });
    expect(second).toBeDefined();
    // A lock that was given back once must not take away the next owner's.
    first?.release();
    expect(locks.take({ host: angry, slot: 0 })).toBeUndefined();
    second?.release();
  });

  it('gives the slots of this machine in order and no more than there are', () => {
    const locks = openLockFolder(folder, 60);
    const taken = [locks.takeLocal(2), locks.takeLocal(2), locks.takeLocal(2)];
    expect(taken.map((slot) => slot?.slot)).toEqual([0, 1, undefined]);
    for (const slot of taken) slot?.release();
  });

  it('shares its slots with programs that lock with fcntl', (context) => {
    if (posix.lockf === undefined || !needs('python3', 'python3')) context.skip();
    const lock = openLockFolder(folder, 60).take({ host: angry, slot: 0 });
    const file = join(folder, 'cpu_tcp_angry_4000_0');
    const script = `import fcntl,sys
f=open(sys.argv[1],'r+')
try:
  fcntl.lockf(f, fcntl.LOCK_EX|fcntl.LOCK_NB); print('free')
except OSError: print('taken')`;
    const ask = (): string => execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }).trim();
    expect(ask()).toBe('taken');
    lock?.release();
    expect(ask()).toBe('free');
  });

  it('lets a host rest for the period and no longer', () => {
    const locks = openLockFolder(folder, 60);
    expect(locks.rests(angry)).toBe(false);
    locks.rest(angry);
    expect(locks.rests(angry)).toBe(true);
    expect(locks.rests(hostOf('angry:4001'))).toBe(false);
    const file = join(folder, 'backoff_tcp_angry_4000_0');
    expect(readFileSync(file, 'utf8')).toBe('x');
    const before = Date.now() / 1000 - 61;
    utimesSync(file, before + 31, before + 31);
    expect(locks.rests(angry)).toBe(true);
    utimesSync(file, before, before);
    expect(locks.rests(angry)).toBe(false);
    locks.rest(angry);
    expect(locks.rests(angry)).toBe(true);
  });

  it('forgets a failure when the host works again', () => {
    const locks = openLockFolder(folder, 60);
    locks.rest(angry);
    locks.praise(angry);
    locks.praise(angry);
    expect(locks.rests(angry)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['link', (path: string, other: string) => symlinkSync(other, path), 'is a symbolic link'],
    ['second name', (path: string, other: string) => linkSync(other, path), 'has other names too'],
    ['named pipe', (path: string) => void execFileSync('mkfifo', [path]), 'is not a regular file'],
  ])('writes to no %s in place of a mark', (kind, plant, sentence) => {
    const other = join(folder, 'precious');
    writeFileSync(other, 'precious');
    const file = join(folder, 'backoff_tcp_angry_4000_0');
    plant(file, other);
    const locks = openLockFolder(folder, 60);
    expect(() => locks.rest(angry)).toThrow(`"${file}" ${sentence}`);
    expect(readFileSync(other, 'utf8')).toBe('precious');
    if (kind === 'second name') return;
    expect(locks.rests(angry)).toBe(false);
    expect(readLockFolder(folder, 60)(angry)).toEqual({ taken: 0, restSeconds: 0 });
    locks.praise(angry);
    expect(lstatSync(file).isFile()).toBe(false);
  });

  it('counts a slot that no job can get as taken', () => {
    execFileSync('mkfifo', [join(folder, 'cpu_tcp_angry_4000_1')]);
    expect(readLockFolder(folder, 60)(angry).taken).toBe(1);
  });

  it('notes nothing when hosts never rest', () => {
    const locks = openLockFolder(folder, 0);
    locks.rest(angry);
    expect(locks.rests(angry)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('throws when there can be no folder', () => {
    expect(() => openLockFolder('/dev/null/lock', 60).takeLocal(1)).toThrow('ENOTDIR');
  });
});
