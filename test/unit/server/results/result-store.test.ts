import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAnswer } from '../../../../src/server/job/answer.ts';
import { ResultFile } from '../../../../src/server/job/result-file.ts';
import type { TreeCompiled } from '../../../../src/server/job/run-tree-job.ts';
import { planResults, ResultStore } from '../../../../src/server/results/result-store.ts';
import type { ResultLimits } from '../../../../src/server/results/result-store.ts';

const keyOf = (name: string | number): string => createHash('sha256').update(String(name)).digest('hex');

const resultOf = (object: Buffer, text = '', status = 0): TreeCompiled => ({
  status,
  stderr: ResultFile.of(Buffer.from(`stderr ${text}`)),
  stdout: ResultFile.of(Buffer.from(text)),
  object: ResultFile.of(object),
  dependencies: ResultFile.of(Buffer.from('a.o: a.c\n')),
});

interface Texts {
  readonly stderr: string;
  readonly stdout: string;
  readonly object: Buffer;
  readonly dependencies: string;
}

async function pieces(file: ResultFile): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of file.pieces(1000)) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

async function take(store: ResultStore, key: string): Promise<Texts | undefined> {
  const result = await store.get(key);
  if (result === undefined) return undefined;
  expect(result.status).toBe(0);
  const object = await pieces(result.object);
  expect(result.object.read().equals(object)).toBe(true);
  const texts = {
    stderr: result.stderr.read().toString(),
    stdout: result.stdout.read().toString(),
    object,
    dependencies: result.dependencies.read().toString(),
  };
  closeAnswer(result);
  return texts;
}

let top: string;
let folder: string;
let told: string[];
let now: number;
const open: ResultStore[] = [];
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'results-'));
  folder = join(top, 'results');
  told = [];
  now = 0;
});
afterEach(() => {
  for (const store of open.splice(0)) store.close();
  rmSync(top, { recursive: true });
});

function makeStore(limits: Partial<ResultLimits> = {}): ResultStore {
  const all = { ...planResults(64 * 1024 * 1024), ...limits };
  const store = new ResultStore(
    folder,
    all,
    (sentence) => told.push(sentence),
    () => now,
  );
  open.push(store);
  return store;
}

function restart(limits: Partial<ResultLimits> = {}): ResultStore {
  open.pop()?.close();
  return makeStore(limits);
}

const names = (): string[] =>
  readdirSync(folder)
    .filter((name) => name !== 'lock')
    .sort();
const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('ResultStore', () => {
  it('gives back what was put, small and large', async () => {
    const store = makeStore();
    const large = Buffer.alloc(3_000_000, 'abcdefg');
    expect(await store.put(keyOf(1), resultOf(Buffer.from('object'), 'text'))).toBe(true);
    expect(await store.put(keyOf(2), resultOf(large))).toBe(true);
    expect(await store.put(keyOf(3), resultOf(Buffer.alloc(0)))).toBe(true);
    expect(await take(store, keyOf(1))).toEqual({
      stderr: 'stderr text',
      stdout: 'text',
      object: Buffer.from('object'),
      dependencies: 'a.o: a.c\n',
    });
    expect((await take(store, keyOf(2)))?.object.equals(large)).toBe(true);
    expect((await take(store, keyOf(3)))?.object).toHaveLength(0);
    expect(await store.get(keyOf(4))).toBeUndefined();
    expect(told).toEqual([]);
    expect(statSync(join(folder, keyOf(1))).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('keeps no file open', async () => {
    const store = makeStore();
    await store.put(keyOf(1), resultOf(Buffer.from('object')));
    const before = descriptors();
    for (let count = 0; count < 20; count += 1) await take(store, keyOf(1));
    truncateSync(join(folder, keyOf(1)), 200);
    await take(store, keyOf(1));
    expect(descriptors()).toBe(before);
  });

  it('keeps successes only, under keys only', async () => {
    const store = makeStore();
    expect(await store.put(keyOf(1), resultOf(Buffer.from('x'), '', 256))).toBe(false);
    const hostile = [
      '',
      '.',
      '..',
      '../x',
      '/etc/passwd',
      'lock',
      'new-1',
      keyOf(1).toUpperCase(),
      `${keyOf(1)}/x`,
      `${keyOf(1)}\0`,
    ];
    for (const key of hostile) {
      expect(await store.put(key, resultOf(Buffer.from('x')))).toBe(false);
      expect(await store.get(key)).toBeUndefined();
    }
    expect(names()).toEqual([]);
    expect(readdirSync(top)).toEqual(['results']);
  });

  it('survives a restart, in the order of last use', async () => {
    const store = makeStore();
    for (const at of [1, 2, 3]) await store.put(keyOf(at), resultOf(Buffer.from(`object ${at}`)));
    // Files are marked at most every ten minutes, so that these are old enough.
    for (const at of [1, 2, 3]) utimesSync(join(folder, keyOf(at)), at, at);
    let again = restart();
    expect((await take(again, keyOf(1)))?.object.toString()).toBe('object 1');
    again = restart({ results: 3 });
    expect(again.size.results).toBe(3);
    await again.put(keyOf(4), resultOf(Buffer.from('x')));
    await again.put(keyOf(5), resultOf(Buffer.from('x')));
    expect(await take(again, keyOf(2))).toBeUndefined();
    expect(await take(again, keyOf(3))).toBeUndefined();
    expect(await take(again, keyOf(1))).toBeDefined();
  });

  it('removes at its start what was not finished, and what is not a result', () => {
    mkdirSync(join(folder, 'dir/sub'), { recursive: true });
    mkdirSync(join(folder, keyOf('directory')));
    writeFileSync(join(folder, 'new-0123'), 'half');
    writeFileSync(join(top, 'elsewhere'), 'stays');
    symlinkSync(join(top, 'elsewhere'), join(folder, keyOf('link')));
    makeStore();
    expect(names()).toEqual([]);
    expect(readFileSync(join(top, 'elsewhere'), 'utf8')).toBe('stays');
  });

  it('removes what was not used for longest when there is no room', async () => {
    const store = makeStore({ quota: 90 * 1024 });
    const put = (at: number): Promise<boolean> => store.put(keyOf(at), resultOf(Buffer.alloc(20_000, at)));
    for (const at of [1, 2, 3, 4]) await put(at);
    expect(await take(store, keyOf(1))).toBeDefined();
    await put(5);
    await put(6);
    const there = await Promise.all([1, 2, 3, 4, 5, 6].map(async (at) => (await take(store, keyOf(at))) !== undefined));
    expect(there).toEqual([true, false, false, true, true, true]);
    const sizes = names().map((name) => statSync(join(folder, name)).size);
    expect(store.size.bytes).toBeLessThanOrEqual(90 * 1024);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(store.size.bytes);
    expect(store.size.results).toBe(names().length);
  });

  it('does not let one result drive all others out', async () => {
    const store = makeStore({ quota: 100 * 1024 });
    await store.put(keyOf(1), resultOf(Buffer.from('small')));
    expect(await store.put(keyOf(2), resultOf(Buffer.alloc(60 * 1024)))).toBe(false);
    expect(await take(store, keyOf(1))).toBeDefined();
  });

  it('holds a smaller quota at its next start', async () => {
    const store = makeStore();
    for (let at = 0; at < 20; at += 1) await store.put(keyOf(at), resultOf(Buffer.alloc(9000)));
    const again = restart({ quota: 40 * 1024 });
    expect(again.size.bytes).toBeLessThanOrEqual(40 * 1024);
    expect(names()).toHaveLength(again.size.results);
  });

  it.each<readonly [string, (path: string) => void]>([
    ['cut short', (path) => truncateSync(path, 50)],
    ['cut at its end', (path) => truncateSync(path, statSync(path).size - 1)],
    ['longer', (path) => appendFileSync(path, 'x')],
    ['another byte in its body', (path) => change(path, -3)],
    ['another byte in its head', (path) => change(path, 50)],
    ['another form', (path) => change(path, 0)],
    ['the result of another key', (path) => renameSync(join(folder, keyOf(2)), path)],
    ['empty', (path) => truncateSync(path, 0)],
    ['gone', (path) => rmSync(path)],
    ['a directory', (path) => (rmSync(path), mkdirSync(path))],
    [
      'a link',
      (path) => {
        renameSync(path, join(top, 'x'));
        symlinkSync(join(top, 'x'), path);
      },
    ],
  ])('ignores a file that is %s, and can keep another one', async (_, spoil) => {
    const store = makeStore();
    const path = join(folder, keyOf(1));
    for (const at of [1, 2]) await store.put(keyOf(at), resultOf(Buffer.from('object')));
    spoil(path);
    expect(await store.get(keyOf(1))).toBeUndefined();
    expect(told).toHaveLength(1);
    if (existsSync(path)) rmSync(path, { recursive: true });
    expect(await store.put(keyOf(1), resultOf(Buffer.from('object')))).toBe(true);
    expect((await take(store, keyOf(1)))?.object.toString()).toBe('object');
  });

  it('keeps one of several results that are put under one key at once', async () => {
    const store = makeStore();
    const kept = await Promise.all([1, 2, 3].map((at) => store.put(keyOf(1), resultOf(Buffer.alloc(1_000_000, at)))));
    expect(kept.filter(Boolean)).toHaveLength(1);
    expect(names()).toEqual([keyOf(1)]);
    expect(await store.put(keyOf(1), resultOf(Buffer.from('other')))).toBe(false);
    expect((await take(store, keyOf(1)))?.object).toHaveLength(1_000_000);
  });

  it('writes no more than a share at a time', async () => {
    const store = makeStore({ writing: 2_500_000 });
    const kept = await Promise.all(
      [1, 2, 3, 4].map((at) => store.put(keyOf(at), resultOf(Buffer.alloc(1_000_000, at)))),
    );
    expect(kept).toEqual([true, true, false, false]);
    expect(await store.put(keyOf(4), resultOf(Buffer.alloc(1_000_000)))).toBe(true);
  });

  it('stops for a minute when it cannot write, and says so once', async () => {
    const store = makeStore();
    rmSync(folder, { recursive: true });
    for (const at of [1, 2, 3]) expect(await store.put(keyOf(at), resultOf(Buffer.from('x')))).toBe(false);
    expect(told).toEqual(['No such file or directory: keeping no results for a minute']);
    mkdirSync(folder);
    now = 59_999;
    expect(await store.put(keyOf(1), resultOf(Buffer.from('x')))).toBe(false);
    now = 60_000;
    expect(await store.put(keyOf(1), resultOf(Buffer.from('x')))).toBe(true);
  });

  it('leaves nothing of what it could not finish', async () => {
    const store = makeStore();
    const broken = resultOf(Buffer.alloc(10));
    const cut = ResultFile.partsOf(-1, 0, [1_000_000] as const)[0];
    expect(await store.put(keyOf(1), { ...broken, object: cut })).toBe(false);
    expect(names()).toEqual([]);
    expect(store.size).toEqual({ bytes: 0, results: 0 });
  });

  it('is for one process at a time, in a directory of its own', () => {
    makeStore();
    expect(() => makeStore()).toThrow('another daemon keeps its results in');
    symlinkSync(folder, join(top, 'link'));
    expect(() => new ResultStore(join(top, 'link'), planResults(1e6), () => {})).toThrow(
      'is not a directory of this account',
    );
  });
});

function change(path: string, at: number): void {
  const bytes = readFileSync(path);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
