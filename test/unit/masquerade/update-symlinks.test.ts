import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSymlinkOptions, symlinkPlaces } from '../../../src/config/symlink-options.ts';
import { updateSymlinks } from '../../../src/masquerade/update-symlinks.ts';

let root: string;

function program(path: string, mode = 0o755): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, mode);
}

/** Runs the update for a system below `root`; returns what it said. */
function update(platform: string, ...words: string[]): string[] {
  const reading = readSymlinkOptions(['--root', root, ...words], platform);
  if (!('options' in reading)) throw new Error('no options');
  const said: string[] = [];
  updateSymlinks(reading.options, symlinkPlaces(platform), '/nowhere/update-distcc-symlinks', {
    tell: (line) => said.push(line),
    warn: (sentence) => said.push(`Warning: ${sentence}`),
  });
  return said;
}

const linksIn = (dir: string): Record<string, string> =>
  Object.fromEntries(readdirSync(join(root, dir)).map((name) => [name, readlinkSync(join(root, dir, name))]));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'symlinks-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('updateSymlinks()', () => {
  it("fills FreeBSD's directory for users and the daemon's with links to the port's client", () => {
    for (const name of ['usr/bin/cc', 'usr/bin/clang', 'usr/local/bin/gcc13', 'usr/local/bin/ccache']) program(name);
    program('usr/local/bin/clang18', 0o644);
    expect(update('freebsd')).toEqual([]);
    const wanted = { cc: '../../bin/distcc', clang: '../../bin/distcc', gcc13: '../../bin/distcc' };
    expect(linksIn('usr/local/libexec/distcc')).toEqual(wanted);
    expect(linksIn('usr/local/lib/distcc')).toEqual(wanted);
  });

  it('keeps a link of a compiler that only another directory of compilers has', () => {
    program('usr/bin/cc');
    program('opt/bin/cc');
    program('opt/bin/icc');
    mkdirSync(join(root, 'usr/lib/distcc'), { recursive: true });
    symlinkSync('../../bin/distcc', join(root, 'usr/lib/distcc/icc'));
    update('linux', '--compiler-dir', '/opt/bin', '--compiler-dir', '/usr/bin');
    expect(Object.keys(linksIn('usr/lib/distcc')).sort()).toEqual(['cc', 'icc']);
    update('linux');
    expect(Object.keys(linksIn('usr/lib/distcc'))).toEqual(['cc']);
  });

  it('points a link to a distcc that has moved to the one that is there', () => {
    program('usr/bin/cc');
    program('usr/bin/distcc');
    mkdirSync(join(root, 'usr/lib/distcc'), { recursive: true });
    symlinkSync('/nowhere/distcc', join(root, 'usr/lib/distcc/cc'));
    expect(update('linux', '--verbose')).toEqual([`relink ${join(root, 'usr/lib/distcc/cc')} to ../../bin/distcc`]);
    expect(linksIn('usr/lib/distcc')).toEqual({ cc: '../../bin/distcc' });
  });

  it('says that no compiler is installed', () => {
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    expect(update('linux')).toEqual([
      `Warning: no compiler is installed in ${join(root, 'usr/bin')}: install one and run this again`,
    ]);
  });
});
