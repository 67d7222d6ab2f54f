import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outputObstacle } from '../../../../src/client/user-files/unwritable-output.ts';

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
    linkSync(join(folder, 'a.c'), join(folder, 'other.c'));
    for (const name of ['a.c', 'link.c', 'other.c']) expect(because(join(folder, name))).toContain('is its source');
  });

  it('finds none in another file, beside a source that is there', () => {
    writeFileSync(join(folder, 'a.c'), '');
    writeFileSync(join(folder, 'a.o'), '');
    for (const name of ['a.o', 'new.o']) expect(because(join(folder, name))).toBeUndefined();
  });

  it('finds what is meant by names that are not ASCII', () => {
    mkdirSync(join(folder, 'größe'));
    // One character for each byte, as the agent has them.
    const bytes = Buffer.from(join(folder, 'größe')).toString('latin1');
    expect(because(join(bytes, 'a.o'))).toBeUndefined();
    expect(because(bytes)).toBe(`"${join(folder, 'größe')}" is a directory`);
  });
});
