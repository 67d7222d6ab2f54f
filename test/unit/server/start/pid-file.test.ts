import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removePidFile, removeUnusedPidFile } from '../../../../src/server/start/pid-file.ts';

describe('a pid file at the end', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pid-file-'));
    path = join(folder, 'pid');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is removed when it names this process', () => {
    writeFileSync(path, `${process.pid}\n`);
    removePidFile(path);
    expect(existsSync(path)).toBe(false);
  });

  it.each([['1\n'], [''], [`${process.pid}0\n`]])(
    'stays when it has %j, which another daemon may have written',
    (text) => {
      writeFileSync(path, text);
      removePidFile(path);
      expect(existsSync(path)).toBe(true);
    },
  );

  it('is not waited for when something else has its name', () => {
    execFileSync('mkfifo', [path]);
    removePidFile(path);
    expect(readdirSync(folder)).toEqual(['pid']);
    removePidFile(join(folder, 'none'));
  });

  it('is removed after a start that failed only when nobody has written to it', () => {
    writeFileSync(path, '7\n');
    removeUnusedPidFile(path);
    expect(existsSync(path)).toBe(true);
    writeFileSync(path, '');
    removeUnusedPidFile(path);
    expect(existsSync(path)).toBe(false);
  });
});
