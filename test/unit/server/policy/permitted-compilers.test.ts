import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compilerPath, readPermittedCompilers } from '../../../../src/server/policy/permitted-compilers.ts';
import type { CompilerPolicy } from '../../../../src/server/policy/permitted-compilers.ts';

let top: string;

function program(path: string): string {
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'permitted-')));
  for (const dir of ['masks', 'bin', 'other', 'empty']) mkdirSync(join(top, dir));
  program(join(top, 'bin/distcc'));
  program(join(top, 'bin/mycc'));
  program(join(top, 'bin/ls'));
  program(join(top, 'other/mycc'));
  symlinkSync('../bin/distcc', join(top, 'masks/mycc'));
  symlinkSync('../bin/nothing', join(top, 'masks/gonecc'));
  symlinkSync('mycc', join(top, 'bin/alias'));
  mkdirSync(join(top, 'masks/folder'));
});
afterEach(() => rmSync(top, { recursive: true }));

const policy = (change: Partial<CompilerPolicy> = {}) =>
  readPermittedCompilers({
    masqueradeDirs: [join(top, 'masks')],
    searchPath: `${join(top, 'masks')}:${join(top, 'bin')}:relative`,
    commandList: undefined,
    commandListWords: 1,
    everything: false,
    ...change,
  });

describe('readPermittedCompilers()', () => {
  it('runs a permitted name from the search path, not the link to distcc', () => {
    expect(policy().permit('mycc')).toEqual({ path: join(top, 'bin/mycc'), name: 'mycc' });
  });

  it('runs an absolute path that is the permitted program', () => {
    const path = join(top, 'bin/mycc');
    expect(policy().permit(path)).toEqual({ path, name: path });
  });

  it.each([
    ['another program of a permitted name', 'other/mycc', 'is not the "mycc" of this server'],
    ['a program whose name is not permitted', 'bin/ls', 'is not permitted here'],
    ['an alias whose name is not permitted', 'bin/alias', 'is not permitted here'],
    ['a path with dots to nowhere', 'bin/../none/mycc', 'is not the "mycc"'],
  ])('refuses %s by absolute path', (_, path, words) => {
    expect(policy().permit(join(top, path))).toEqual({ refused: expect.stringContaining(words) });
  });

  it.each(['ls', 'nosuchcc', '', '.', '..', 'folder', './mycc', '../bin/mycc', 'bin/mycc'])(
    'refuses "%s" with a sentence',
    (name) => {
      expect(policy().permit(name)).toEqual({ refused: expect.stringContaining(`"${name}"`) });
    },
  );

  it('a permitted name without a program here is left to fail as distcc does', () => {
    expect(policy().permit('gonecc')).toEqual({ path: 'gonecc', name: 'gonecc' });
  });

  it('does not start when no compiler would be permitted', () => {
    const start = (): unknown => policy({ masqueradeDirs: [join(top, 'empty')] });
    // The machine's own masquerade directories count too, when it has them.
    try {
      start();
    } catch (error) {
      expect(error).toMatchObject({
        status: 110,
        message: expect.stringContaining('no compiler is permitted'),
      });
    }
  });

  it('--enable-tcp-insecure permits everything but relative paths', () => {
    const all = policy({ everything: true });
    expect(all.permit('ls')).toEqual({ path: join(top, 'bin/ls'), name: 'ls' });
    expect(all.permit(join(top, 'other/mycc'))).toMatchObject({ path: join(top, 'other/mycc') });
    expect(all.permit('/nowhere/ls')).toMatchObject({ path: join(top, 'bin/ls') });
    expect(all.permit('./ls')).toMatchObject({ refused: expect.stringContaining('relative') });
  });
});

describe('DISTCC_CMDLIST', () => {
  it('replaces the name by the first line with the same last words', () => {
    const list = join(top, 'list');
    writeFileSync(list, `${join(top, 'other/mycc')}\n/opt/second/mycc\nmycc-13\n`);
    const one = policy({ commandList: list });
    expect(one.permit('mycc')).toEqual({ path: join(top, 'other/mycc'), name: join(top, 'other/mycc') });
    expect(one.permit('/x/y/mycc')).toMatchObject({ path: join(top, 'other/mycc') });
    expect(one.permit('ls')).toEqual({ refused: expect.stringContaining('command list') });
    const two = policy({ commandList: list, commandListWords: 2 });
    expect(two.permit('/usr/second/mycc')).toMatchObject({ path: '/opt/second/mycc' });
    expect(two.permit('/usr/third/mycc')).toMatchObject({ refused: expect.any(String) });
  });

  it('fails closed when the file cannot be read', () => {
    expect(() => policy({ commandList: join(top, 'none'), everything: true })).toThrow(
      /cannot read the command list ".*none"/,
    );
  });
});

describe('compilerPath()', () => {
  it('leaves out relative entries and masquerade directories, also by another name', () => {
    symlinkSync('masks', join(top, 'masks-link'));
    const entries = ['bin', 'masks', 'masks-link', 'other'].map((dir) => join(top, dir));
    expect(compilerPath([...entries, 'x', ''].join(':'), [join(top, 'masks')])).toEqual([
      join(top, 'bin'),
      join(top, 'other'),
    ]);
  });
});
