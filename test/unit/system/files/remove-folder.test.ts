import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeFolder, removeFolderNow } from '../../../../src/system/files/remove-folder.ts';

// Thousands of folders take long on a disk.
const fast = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let top: string;
let folder: string;
beforeEach(() => {
  top = mkdtempSync(join(fast, 'remove-'));
  folder = join(top, 'folder');
  mkdirSync(join(top, 'precious'));
  writeFileSync(join(top, 'precious/file'), '');
});
afterEach(() => rmSync(top, { recursive: true }));

const ways = [
  ['removeFolder()', removeFolder],
  ['removeFolderNow()', (path: string): Promise<void> => Promise.resolve(removeFolderNow(path))],
] as const;

describe('removeFolder()', () => {
  it('tries again while programs that are being ended still make files', async () => {
    mkdirSync(folder);
    // Each makes folders for a second, which is too many for rm, or until the folder is gone.
    const script = `
      const { mkdirSync } = require('node:fs');
      process.chdir(process.argv[1]);
      const end = Date.now() + 1000;
      for (let at = 0; Date.now() < end; at += 1) mkdirSync(process.pid + '-' + at);`;
    const writers = [1, 2, 3].map(() => spawn(process.execPath, ['-e', script, folder], { stdio: 'ignore' }));
    const ended = Promise.all(writers.map((writer) => once(writer, 'exit')));
    while (readdirSync(folder).length === 0) await new Promise((next) => setTimeout(next, 1));
    await removeFolder(folder);
    expect(existsSync(folder)).toBe(false);
    await ended;
  });
});

describe.each(ways)('%s', (_name, remove) => {
  it('removes files, and is content with a folder that is gone', async () => {
    mkdirSync(folder);
    for (const name of ['a.o', '.stdout', ' ', '-rf']) writeFileSync(join(folder, name), 'x');
    const before = process.cwd();
    await remove(folder);
    await remove(folder);
    expect(existsSync(folder)).toBe(false);
    expect(process.cwd()).toBe(before);
  });

  it('removes many files, and large ones', async () => {
    mkdirSync(folder);
    for (let at = 0; at < 200; at += 1) writeFileSync(join(folder, String(at)), '');
    writeFileSync(join(folder, 'large'), Buffer.alloc(3_000_000));
    await remove(folder);
    mkdirSync(folder);
    writeFileSync(join(folder, 'large'), Buffer.alloc(3_000_000), { mode: 0 });
    await remove(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('removes links, not what they lead to', async () => {
    mkdirSync(join(folder, 'below'), { recursive: true });
    for (const at of ['one', 'below/two']) symlinkSync(join(top, 'precious'), join(folder, at));
    await remove(folder);
    symlinkSync('precious', folder);
    await remove(folder);
    expect(readdirSync(top)).toEqual(['precious']);
    expect(readdirSync(join(top, 'precious'))).toEqual(['file']);
  });

  it('removes 15,000 nested folders, of which some are closed to their owner', async () => {
    mkdirSync(folder);
    const nest = join(mkdtempSync(join(tmpdir(), 'nest-')), 'nest');
    execFileSync('gcc', ['-O', resolve(import.meta.dirname, '../../../support/nest.c'), '-o', nest]);
    execFileSync(nest, ['15000'], { cwd: folder });
    rmSync(dirname(nest), { recursive: true });
    await remove(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('removes names that are not UTF-8', async () => {
    mkdirSync(folder);
    writeFileSync(Buffer.from(`${folder}/\xff\xfe.o`, 'latin1'), '');
    await remove(folder);
    expect(existsSync(folder)).toBe(false);
  });
});
