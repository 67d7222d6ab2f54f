import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContentStore } from '../../../../src/server/inputs/content-store.ts';
import type { StoreLimits } from '../../../../src/server/inputs/content-store.ts';
import { Overload, Refusal } from '../../../../src/server/policy/refusal.ts';
import { pathBelow } from '../../../../src/system/byte-text.ts';
import { arrived, hashOf, InputsFixture, keyOf } from './inputs-fixture.ts';

const large = Buffer.alloc(700_000, 'large ');

let fixture: InputsFixture;
let folder: string;
let scratch: string;
beforeEach(() => {
  fixture = new InputsFixture();
  folder = join(fixture.top, 'contents');
  scratch = join(fixture.top, 'scratch');
});
afterEach(() => fixture.end());

const open = (limits: Partial<StoreLimits> = {}, free = (): boolean => false): ContentStore =>
  new ContentStore(folder, { quota: 10_000_000, contents: 1000, ...limits }, free);
const declared = (content: string | Buffer): { hash: string; size: number } => ({
  hash: hashOf(content).toString('hex'),
  size: Buffer.byteLength(content),
});
const put = (store: ContentStore, content: string | Buffer, codec: 'raw' | 'deflate' = 'raw'): Promise<unknown> =>
  store.put(arrived(1, content, codec), declared(content), scratch);
const kept = (): string[] => readdirSync(folder).sort();
const names = (...contents: readonly (string | Buffer)[]): string[] => contents.map((one) => declared(one).hash).sort();
/** Nothing of what was being written is left. */
const expectNothingLeft = (): void =>
  expect(readdirSync(fixture.top).filter((name) => name.startsWith('scratch'))).toEqual([]);

describe('ContentStore', () => {
  it.each([
    ['a short one', 'int x;\n', 'raw'],
    ['a short packed one', 'int x;\n', 'deflate'],
    ['nothing', '', 'raw'],
    ['nothing, packed', '', 'deflate'],
    ['a long one', large, 'raw'],
    ['a long packed one', large, 'deflate'],
  ] as const)('keeps a content under its hash, read-only: %s', async (_, content, codec) => {
    const store = open();
    expect(await put(store, content, codec)).toEqual({ ...declared(content), key: keyOf(content) });
    const path = join(folder, declared(content).hash);
    expect(readFileSync(path).equals(Buffer.from(content))).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o444);
    expect(store.known(declared(content))).toEqual({ ...declared(content), key: keyOf(content) });
    expect(store.used).toBe(Buffer.byteLength(content));
    expectNothingLeft();
  });

  it.each([
    ['another content', arrived(7, 'int y;\n')],
    ['another packed content', arrived(7, 'int y;\n', 'deflate')],
    ['a shorter one', arrived(7, 'int x;')],
    ['less than was said', { ...arrived(7, 'int x;', 'deflate'), length: 7 }],
    ['more than was said', { ...arrived(7, 'int x;\nx', 'deflate'), length: 7 }],
    ['what cannot be unpacked', { ...arrived(7, 'int x;\n'), codec: 'deflate' as const }],
    ['a codec that nobody knows', { ...arrived(7, 'int x;\n'), codec: 'zstd' as const, pieces: [Buffer.from('no')] }],
  ])('keeps nothing of %s', async (_, content) => {
    const store = open();
    await expect(store.put(content, declared('int x;\n'), scratch)).rejects.toThrow('number 7');
    expect(kept()).toEqual([]);
    expect(store.used).toBe(0);
    expectNothingLeft();
  });

  it.each([
    ['short', 'int x;\n'],
    ['long', large],
  ])('refuses a %s content that the file system does not take', async (_, content) => {
    const store = open();
    const untakable = join(fixture.top, 'x'.repeat(250));
    const refused = store.put(arrived(7, content), declared(content), untakable);
    await expect(refused).rejects.toThrow(Refusal);
    await expect(refused).rejects.toThrow('the file system of this server does not take');
    expect(store.used).toBe(0);
  });

  it('keeps nothing of a long content that is another one, or longer', async () => {
    const store = open();
    const wrong = Buffer.from(large);
    wrong[600_000] = 0;
    await expect(store.put(arrived(7, wrong), declared(large), scratch)).rejects.toThrow('not the one');
    const longer = { ...arrived(7, Buffer.concat([large, large]), 'deflate'), length: large.length };
    await expect(store.put(longer, declared(large), scratch)).rejects.toThrow('longer');
    expect(kept()).toEqual([]);
    expectNothingLeft();
  });

  it('removes what was not used for longest when there is no room', async () => {
    const store = open({ quota: 10 });
    for (const content of ['aaaa', 'bbbb']) await put(store, content);
    expect(store.known(declared('aaaa'))).toBeDefined();
    await put(store, 'cccc');
    expect(kept()).toEqual(names('aaaa', 'cccc'));
    expect(store.known(declared('bbbb'))).toBe(undefined);
    expect(store.used).toBe(8);
  });

  it('keeps no more contents than it may', async () => {
    const store = open({ contents: 2 });
    for (const content of ['a', 'b', 'c']) await put(store, content);
    expect(kept()).toEqual(names('b', 'c'));
  });

  it('keeps what is in a tree, and refuses what there is no room for', async () => {
    let asked = 0;
    const store = open({ quota: 10 }, () => {
      asked += 1;
      if (asked === 2) store.release(declared('aaaa'));
      return asked <= 2;
    });
    await put(store, 'aaaa');
    expect(store.place(declared('aaaa'), join(fixture.top, 'in-tree'), scratch)).toBe(true);
    await put(store, 'bbbb');
    await put(store, 'cccccccccc');
    expect(asked).toBe(2);
    expect(kept()).toEqual(names('cccccccccc'));
    expect(readFileSync(join(fixture.top, 'in-tree'), 'utf8')).toBe('aaaa');
    store.place(declared('cccccccccc'), join(fixture.top, 'another'), scratch);
    await expect(put(store, 'd')).rejects.toThrow(Overload);
    expectNothingLeft();
  });

  it('has what an earlier store left, and checks it before it is used', async () => {
    await put(open(), 'kept');
    await put(open(), large);
    const store = open();
    for (const content of ['kept', large]) {
      expect(store.known(declared(content))).toBe(undefined);
      expect(store.isUnproved(declared(content))).toBe(true);
      await store.prove(declared(content));
      expect(store.known(declared(content))).toEqual({ ...declared(content), key: keyOf(content) });
      expect(store.isUnproved(declared(content))).toBe(false);
    }
  });

  it('writes down when what it has was last used, for the next store', async () => {
    const first = open();
    for (const content of ['a', 'b', 'c']) await put(first, content);
    for (const [at, content] of ['a', 'b', 'c'].entries())
      utimesSync(join(folder, declared(content).hash), 10_000 * (at + 1), 1);
    expect(open().place(declared('a'), pathBelow(fixture.top, '/tree'), `${fixture.top}/fresh`)).toBe(true);
    open({ quota: 2 });
    expect(kept()).toEqual(names('a', 'c'));
    expect(statSync(join(folder, declared('a').hash)).mtimeMs).toBe(1000);
  });

  it('does not use what has changed since, or is gone', async () => {
    await put(open(), 'kept');
    await put(open(), 'gone');
    const path = join(folder, declared('kept').hash);
    const store = open();
    writeFileSync(path, 'evil', { mode: 0o644 });
    for (const content of ['kept', 'gone']) {
      if (content === 'gone') rmSync(join(folder, declared('gone').hash));
      await store.prove(declared(content));
      expect(store.known(declared(content))).toBe(undefined);
      expect(store.isUnproved(declared(content))).toBe(false);
    }
    expect(kept()).toEqual([]);
    expect(store.used).toBe(0);
  });

  it('says when a content is gone, and takes it again', async () => {
    const store = open();
    await put(store, 'kept');
    rmSync(join(folder, declared('kept').hash));
    expect(store.place(declared('kept'), join(fixture.top, 'in-tree'), scratch)).toBe(false);
    expect(store.known(declared('kept'))).toBe(undefined);
    await put(store, 'kept');
    expect(store.place(declared('kept'), join(fixture.top, 'in-tree'), scratch)).toBe(true);
  });

  it('removes what is not its own, follows no link, and shrinks to its quota at the start', async () => {
    await put(open(), 'aaaa');
    await put(open(), 'bbbb');
    const path = (content: string): string => join(folder, declared(content).hash);
    utimesSync(path('aaaa'), 2000, 1);
    utimesSync(path('bbbb'), 1000, 1);
    writeFileSync(join(folder, 'other'), '');
    mkdirSync(join(folder, 'folder/inside'), { recursive: true });
    writeFileSync(join(fixture.top, 'outside'), 'cccc');
    symlinkSync(join(fixture.top, 'outside'), path('cccc'));
    const store = open({ quota: 5 });
    expect(kept()).toEqual(names('aaaa'));
    expect(existsSync(join(fixture.top, 'outside'))).toBe(true);
    expect(store.used).toBe(4);
  });
});
