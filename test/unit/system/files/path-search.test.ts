import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram, isExecutable, leadsTo, pathDirectories } from '../../../../src/system/files/path-search.ts';

let top = '';
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'path-search-test-'));
  for (const folder of ['one', 'two', 'three']) mkdirSync(join(top, folder));
  writeFileSync(join(top, 'distcc'), '');
  chmodSync(join(top, 'distcc'), 0o755);
  symlinkSync('../distcc', join(top, 'one/gcc'));
  writeFileSync(join(top, 'two/gcc'), '');
  mkdirSync(join(top, 'two/cc'));
  writeFileSync(join(top, 'three/gcc'), '');
  chmodSync(join(top, 'three/gcc'), 0o755);
  symlinkSync('gcc', join(top, 'three/cc'));
});
afterAll(() => rmSync(top, { recursive: true }));

describe('isExecutable()', () => {
  it('wants a file that may be executed', () => {
    const answers = ['one/gcc', 'two/gcc', 'two/cc', 'none', 'three/cc'].map((name) => isExecutable(join(top, name)));
    expect(answers).toEqual([true, false, false, false, true]);
  });

  it('notices what has changed since it was asked before, a moment ago', async () => {
    const path = join(top, 'changing');
    const aMoment = () => new Promise((resolve) => setTimeout(resolve, 10));
    writeFileSync(path, '');
    expect(isExecutable(path)).toBe(false);
    chmodSync(path, 0o755);
    await aMoment();
    expect(isExecutable(path)).toBe(true);
    expect(leadsTo(path, 'distcc')).toBe(false);
    rmSync(path);
    await aMoment();
    expect(isExecutable(path)).toBe(false);
    symlinkSync('distcc', path);
    expect(leadsTo(path, 'distcc')).toBe(true);
  });
});

describe('pathDirectories()', () => {
  it('makes every entry absolute, and looks in the usual directories without a PATH', () => {
    expect(pathDirectories('/a::b/:../c', '/home/me')).toEqual(['/a', '/home/me', '/home/me/b', '/home/c']);
    expect(pathDirectories(undefined, '/home/me')).toEqual(['/bin', '/usr/bin']);
  });
});

describe('findProgram()', () => {
  const find = (name: string, notLeadingTo?: string): string | undefined =>
    findProgram(name, {
      path: 'one:two:three',
      directory: top,
      ...(notLeadingTo === undefined ? {} : { notLeadingTo }),
    });

  it('takes the first executable file', () => {
    expect(find('gcc')).toBe(join(top, 'one/gcc'));
    expect(find('cc')).toBe(join(top, 'three/cc'));
    expect(find('nothing')).toBeUndefined();
    expect(find('')).toBeUndefined();
  });

  it('passes over links to a program', () => {
    expect(find('gcc', 'distcc')).toBe(join(top, 'three/gcc'));
  });

  it('takes a name with a slash as it is', () => {
    expect(find('three/gcc')).toBe('three/gcc');
    expect(find('two/gcc')).toBeUndefined();
  });
});
