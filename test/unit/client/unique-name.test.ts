import { closeSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNewFile } from '../../../src/client/unique-name.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unique-name-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('openNewFile()', () => {
  it('makes a file with eight digits in its name', () => {
    const { path, descriptor } = openNewFile((digits) => join(folder, `x_${digits}.i`), 0o600);
    closeSync(descriptor);
    expect(readdirSync(folder)).toEqual([path.slice(folder.length + 1)]);
    expect(path).toMatch(/x_[0-9a-f]{8}\.i$/);
  });

  it('tries another name when one is taken, and never opens what is there', () => {
    writeFileSync(join(folder, 'taken'), 'content');
    const names = ['taken', 'taken', 'free'];
    const { path, descriptor } = openNewFile(() => join(folder, names.shift() ?? ''), 0o600);
    closeSync(descriptor);
    expect(path).toBe(join(folder, 'free'));
  });

  it('throws what another name would not cure', () => {
    expect(() => openNewFile((digits) => join(folder, 'none', digits), 0o600)).toThrow('ENOENT');
  });
});
