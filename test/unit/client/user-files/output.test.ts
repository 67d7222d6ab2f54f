import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outputObstacle } from '../../../../src/client/user-files/output.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'output-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('outputObstacle()', () => {
  const because = (output: string): string | undefined => outputObstacle(join(folder, 'a.c'), output)?.because;

  it('finds none where a compiler could write', () => {
    writeFileSync(join(folder, 'old.o'), '');
    for (const output of [join(folder, 'a.o'), join(folder, 'old.o'), '/dev/null'])
      expect(because(output)).toBeUndefined();
  });

  it('names a directory that is missing or is a file, and an output that is a directory', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(because(join(folder, 'none/a.o'))).toBe(`there is no directory "${join(folder, 'none')}"`);
    expect(because(join(folder, 'file/a.o'))).toBe(`"${join(folder, 'file')}" is not a directory`);
    expect(because(folder)).toBe(`"${folder}" is a directory`);
  });

  it('names an output that is the source, also by another name', () => {
    writeFileSync(join(folder, 'a.c'), '');
    symlinkSync('a.c', join(folder, 'link.c'));
    for (const name of ['a.c', 'link.c']) expect(because(join(folder, name))).toContain('is its source');
  });
});
