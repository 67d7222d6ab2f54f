import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outputObstacle, saveOutput } from '../../../src/client/output.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'output-test-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const object = Buffer.from('object');

describe('saveOutput()', () => {
  it('makes the file whole, with the mode that the umask leaves, and nothing beside it', async () => {
    const old = process.umask(0o027);
    try {
      await saveOutput(join(folder, 'a.o'), object);
    } finally {
      process.umask(old);
    }
    expect(readdirSync(folder)).toEqual(['a.o']);
    expect(readFileSync(join(folder, 'a.o'))).toEqual(object);
    expect(statSync(join(folder, 'a.o')).mode & 0o777).toBe(0o640);
  });

  it('replaces the file without writing into the old one', async () => {
    const [path, other] = [join(folder, 'a.o'), join(folder, 'hard-link.o')];
    writeFileSync(path, 'old');
    linkSync(path, other);
    await saveOutput(path, object);
    expect([readFileSync(path, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['object', 'old']);
  });

  it('writes through to a device, and through a link to one', async () => {
    symlinkSync('/dev/null', join(folder, 'null.o'));
    await saveOutput(join(folder, 'null.o'), object);
    await saveOutput('/dev/null', object);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(statSync(join(folder, 'null.o')).isCharacterDevice()).toBe(true);
  });

  it('writes into a fifo', async () => {
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    const [, read] = await Promise.all([saveOutput(path, object), readFile(path, 'utf8')]);
    expect(read).toBe('object');
    expect(statSync(path).isFIFO()).toBe(true);
  });

  it('leaves no partial file and the old one untouched when it cannot be stored', async () => {
    const path = join(folder, 'a.o');
    mkdirSync(path);
    writeFileSync(join(path, 'x'), '');
    await expect(saveOutput(path, object)).rejects.toThrow(`cannot write "${path}": `);
    await expect(saveOutput(join(folder, 'none/a.o'), object)).rejects.toThrow('No such file or directory');
    expect(readdirSync(folder)).toEqual(['a.o']);
    expect(existsSync(join(path, 'x'))).toBe(true);
  });
});

describe('outputObstacle()', () => {
  it('finds none where a compiler could write', () => {
    writeFileSync(join(folder, 'old.o'), '');
    expect([join(folder, 'a.o'), join(folder, 'old.o'), '/dev/null'].map(outputObstacle)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('names a directory that is missing or is none, and an output that is a directory', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(outputObstacle(join(folder, 'none/a.o'))).toBe(`there is no directory "${join(folder, 'none')}"`);
    expect(outputObstacle(join(folder, 'file/a.o'))).toBe(`"${join(folder, 'file')}" is no directory`);
    expect(outputObstacle(folder)).toBe(`"${folder}" is a directory`);
  });
});
