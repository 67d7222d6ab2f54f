import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layMountPoints, layTree, MountPointTaken } from '../../../../src/system/fence/mount-points.ts';

let top: string;
let tree: string;
let plan: { shown: string[]; links: Map<string, string> };
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'mount-points-'));
  tree = join(top, 'tree');
  mkdirSync(tree);
  mkdirSync(join(top, 'tools'));
  writeFileSync(join(top, 'tools/part'), 'a part\n');
  plan = { shown: [join(top, 'tools'), '/dev/null', join(top, 'gone')], links: new Map([['/lib', 'usr/lib']]) };
});
afterEach(() => rmSync(top, { recursive: true }));

/** Where the test's own folder begins. */
const first = tmpdir().split('/')[1] ?? '';
const inTree = (path: string): string => join(tree, path);

describe('layTree()', () => {
  it('makes the mount point of the folder of a job, once more too', () => {
    layTree(tree);
    layTree(tree);
    expect(lstatSync(inTree('.job')).isDirectory()).toBe(true);
  });
});

describe('layMountPoints()', () => {
  it('makes a directory for a directory, an empty file for anything else, and links; nothing for what is gone', () => {
    for (let round = 0; round < 2; round += 1) layMountPoints(tree, plan);
    expect(lstatSync(inTree(join(top, 'tools'))).isDirectory()).toBe(true);
    expect(readFileSync(inTree('dev/null'), 'utf8')).toBe('');
    expect(readlinkSync(inTree('lib'))).toBe('usr/lib');
    expect(lstatSync(inTree(join(top, 'gone')), { throwIfNoEntry: false })).toBe(undefined);
  });

  it('takes files and directories of the client as they are', () => {
    mkdirSync(inTree('dev'));
    writeFileSync(inTree('dev/null'), 'of the client\n');
    layMountPoints(tree, plan);
    expect(readFileSync(inTree('dev/null'), 'utf8')).toBe('of the client\n');
  });

  it.each([
    ['a link where a directory has to be', 'dev', () => symlinkSync('/etc', inTree('dev'))],
    [
      'a link that leads to such a directory',
      'dev',
      () => (mkdirSync(inTree('other')), symlinkSync('other', inTree('dev'))),
    ],
    ['a file where a directory has to be', 'dev', () => writeFileSync(inTree('dev'), '')],
    ['a directory where a file has to be', 'dev/null', () => mkdirSync(inTree('dev/null'), { recursive: true })],
    [
      'a link where a file has to be',
      'dev/null',
      () => (mkdirSync(inTree('dev')), symlinkSync('/etc/passwd', inTree('dev/null'))),
    ],
    ['a directory where a link has to be', 'lib', () => mkdirSync(inTree('lib'))],
    ['another link', 'lib', () => symlinkSync('lib64', inTree('lib'))],
    ['a link above', first, () => symlinkSync('/etc', inTree(first))],
  ])('refuses %s', (_what, path, make: () => void) => {
    make();
    const taken = new MountPointTaken(`/${path}`);
    expect(() => layMountPoints(tree, plan)).toThrow(taken);
    expect(taken.message).toContain('of the client is in the way');
  });
});
