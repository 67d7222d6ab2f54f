import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KnownCompilers } from '../../../../src/server/compilers/known-compilers.ts';
import type { Compiler, NamedProgram } from '../../../../src/server/compilers/look-at-compiler.ts';
import { parseCompiler } from '../../../../src/wire/inputs/compiler-text.ts';

let folder: string;
let path: string;
let now: number;
let looks: string[];
let version: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-known-'));
  path = join(folder, 'gcc');
  writeFileSync(path, 'one');
  now = 0;
  looks = [];
  version = 'GCC: 1';
  free = true;
  taken = 0;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const look = (program: NamedProgram): Promise<Compiler | undefined> => {
  looks.push(program.name);
  if (version === undefined) return Promise.resolve(undefined);
  const fingerprint = { version, target: 'x86_64-linux-gnu', makes: 'a'.repeat(64) };
  return Promise.resolve({ ...program, fingerprint, programs: [program.path] });
};

let free: boolean;
let taken: number;

const takeSlot = (): (() => void) | undefined => {
  if (!free) return undefined;
  taken += 1;
  return () => void (taken -= 1);
};

/** Lets it look at what is wanted. */
async function settle(known: KnownCompilers): Promise<void> {
  for (let wanted = known.review(); wanted; wanted = known.review()) await new Promise((next) => setImmediate(next));
  expect(taken).toBe(0);
}

const versionOf = (known: KnownCompilers, name = 'gcc'): string | undefined =>
  parseCompiler(known.told(name) ?? '')?.version;

describe('KnownCompilers', () => {
  it('remembers a path once, however clients write it, and no long name', async () => {
    const known = new KnownCompilers({ look, takeSlot, now: () => now });
    for (let more = 0; more < 300; more += 1) known.note(`/x/${'./'.repeat(1900 + more)}gcc`, { name: path, path });
    known.note('x'.repeat(256), { name: 'x', path });
    known.note('gcc', { name: 'gcc', path });
    await settle(known);
    expect(Object.keys(known.all())).toEqual([path, 'gcc']);
    expect(known.told('/x/././gcc', path)).toBe(known.told('gcc'));
    expect(known.told(path)).toBe(known.told('gcc'));
  });

  it('looks at a compiler after a job has named it, once', async () => {
    const known = new KnownCompilers({ look, takeSlot, now: () => now });
    known.note('gcc', { name: 'gcc', path });
    // Nobody waits for that.
    expect([known.told('gcc'), known.news]).toEqual([undefined, 0]);
    known.note('gcc', { name: 'gcc', path });
    await settle(known);
    expect([versionOf(known), known.news, looks]).toEqual(['GCC: 1', 1, ['gcc']]);
    now += 5000;
    known.note('gcc', { name: 'gcc', path });
    await settle(known);
    expect([known.news, looks]).toEqual([1, ['gcc']]);
    expect(known.list()).toEqual([{ name: 'gcc', path, version: 'GCC: 1', target: 'x86_64-linux-gnu' }]);
    expect(known.all()).toEqual({ gcc: known.told('gcc') });
  });

  it('tells nothing of one whose file has been replaced, until that has been looked at', async () => {
    const known = new KnownCompilers({ look, takeSlot, now: () => now });
    known.note('gcc', { name: 'gcc', path });
    await settle(known);
    writeFileSync(`${path}.new`, 'two');
    renameSync(`${path}.new`, path);
    version = 'GCC: 2';
    now += 5000;
    known.note('gcc', { name: 'gcc', path });
    expect([known.told('gcc'), known.news]).toEqual([undefined, 2]);
    await settle(known);
    expect([versionOf(known), known.news]).toEqual(['GCC: 2', 3]);
  });

  it('waits for a slot that no job wants', async () => {
    free = false;
    const known = new KnownCompilers({ look, takeSlot, now: () => now });
    known.note('gcc', { name: 'gcc', path });
    expect([known.review(), known.review(), looks]).toEqual([true, true, []]);
    free = true;
    await settle(known);
    expect([versionOf(known), known.review()]).toEqual(['GCC: 1', false]);
  });

  it('leaves one alone for a while of which nothing can be found out', async () => {
    version = undefined;
    const known = new KnownCompilers({ look, takeSlot, now: () => now });
    for (const later of [0, 5000, 50_000, 70_000]) {
      now = later;
      known.note('odd', { name: 'odd', path });
      await settle(known);
    }
    expect([looks, known.news, known.list()]).toEqual([['odd', 'odd'], 0, []]);
  });

  it('remembers a limited number of names, and tells no more than fits into a message', async () => {
    version = `GCC: ${'x'.repeat(190)}`;
    const known = new KnownCompilers({ look, takeSlot, now: () => now });
    for (let at = 0; at < 300; at += 1) known.note(`compiler-${at}`, { name: 'gcc', path });
    await settle(known);
    expect(known.list()).toHaveLength(256);
    expect(JSON.stringify(known.all()).length).toBeLessThan(48 * 1024);
    expect(Object.keys(known.all()).length).toBeGreaterThan(100);
  });
});
