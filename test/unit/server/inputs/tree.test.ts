import fc from 'fast-check';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import type { Session } from '../../../../src/server/inputs/session.ts';
import type { Sessions } from '../../../../src/server/inputs/sessions.ts';
import type { MachineParts } from '../../../../src/server/inputs/tree.ts';
import { Refusal } from '../../../../src/server/policy/refusal.ts';
import type { Definition } from '../../../../src/wire/inputs/definitions.ts';
import { holds } from '../../wire/checked.ts';
import { faultOf } from '../../wire/reading.ts';
import {
  arrived,
  bare,
  enter,
  fileAt,
  hashOf,
  InputsFixture,
  layAll,
  layWith,
  leave,
  PlayedUser,
} from './inputs-fixture.ts';

let fixture: InputsFixture;
let sessions: Sessions;
let session: Session;
beforeEach(() => {
  fixture = new InputsFixture();
  sessions = fixture.open();
  session = enter(sessions, 1);
});
afterEach(() => fixture.end());

const link = (number: number, path: string, target: string): Definition => ({ kind: 'link', number, path, target });
const directory = (number: number, path: string): Definition => ({ kind: 'directory', number, path });
const refusal = (definitions: readonly Definition[], parts = bare): string => {
  const fault = faultOf(() => layAll(session, definitions, { parts }));
  expect(fault).toBeInstanceOf(Refusal);
  return fault instanceof Error ? fault.message : '';
};

describe('a tree', () => {
  it('has files by hard links, links as they are, and directories', async () => {
    const path = await layWith(sessions, session, { '/home/me/a.c': 'int x;\n', '/usr/include/b.h': 'int y;\n' }, [
      link(1, '/home/me/inc', '../../usr/include'),
      link(2, '/etc', '/etc'),
      directory(3, '/home/me/empty'),
    ]);
    const at = (name: string): string => join(path, name);
    expect(readFileSync(at('home/me/a.c'), 'utf8')).toBe('int x;\n');
    expect(statSync(at('home/me/a.c')).mode & 0o777).toBe(0o444);
    const stored = join(fixture.top, 'contents', hashOf('int x;\n').toString('hex'));
    expect(statSync(at('home/me/a.c')).ino).toBe(statSync(stored).ino);
    expect(readlinkSync(at('home/me/inc'))).toBe('../../usr/include');
    expect(readlinkSync(at('etc'))).toBe('/etc');
    expect(readdirSync(at('home/me/empty'))).toEqual([]);
    expect(readdirSync(path).sort()).toEqual(['.job', 'etc', 'home', 'usr']);
  });

  it('takes the same once more, and more of it', async () => {
    const files = { '/a/b.h': 'b', '/a/c.h': 'c' };
    await layWith(sessions, session, files, [directory(1, '/a'), link(2, '/l', 'a')]);
    const path = await layWith(sessions, session, files, [
      directory(1, '/a'),
      link(2, '/l', 'a'),
      directory(3, '/a/d'),
    ]);
    expect(readdirSync(join(path, 'a')).sort()).toEqual(['b.h', 'c.h', 'd']);
  });

  it('makes files of one content files of their own, with their times at the client', async () => {
    const [one, two, three] = ['/one/x.h', '/two/x.h', '/x.h'].map((path, at) => ({
      ...fileAt(session, at, path, '#pragma once\n'),
      mtimeNs: BigInt(1_600_000_000 + at) * 1_000_000_000n + 999_999_999n,
    }));
    if (one === undefined || two === undefined || three === undefined) throw new Error('no files');
    const declared = { hash: one.hash.toString('hex'), size: one.size };
    await sessions.store.put(arrived(0, '#pragma once\n'), declared, sessions.scratch);
    layAll(session, [one]);
    const { path } = layAll(session, [one, two]);
    layAll(session, [three]);
    const abouts = [one, two, three].map((file) => statSync(join(path, file.path), { bigint: true }));
    expect(new Set(abouts.map(({ ino }) => ino)).size).toBe(3);
    expect(abouts.map(({ mtimeMs }) => mtimeMs / 1000n)).toEqual([1_600_000_000n, 1_600_000_001n, 1_600_000_002n]);
    for (const file of [one, two, three]) expect(readFileSync(join(path, file.path), 'utf8')).toBe('#pragma once\n');
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('has no file of a content that another one has with another time than was declared', async () => {
    const at = (number: number, path: string, seconds: bigint): Definition => ({
      ...fileAt(session, number, path, 'same'),
      mtimeNs: seconds * 1_000_000_000n,
    });
    const declared = { hash: hashOf('same').toString('hex'), size: 4 };
    await sessions.store.put(arrived(0, 'same'), declared, sessions.scratch);
    // One that is alone may have any time, but then it is not known which one a second file would need.
    layAll(session, [at(0, '/a', 1n), at(1, '/a', 1n), at(2, '/b', 1n)]);
    expect(refusal([at(3, '/b', 2n)])).toContain('"/b" is something else already in this generation');
    expect(refusal([at(4, '/a', 2n)])).toContain('"/a" is something else already in this generation');
    layAll(session, [at(5, '/a', 1n), at(6, '/b', 1n)]);
    expect(layAll(session, [at(7, '/a', 3n), at(8, '/a', 4n)], { generation: 1 }).lacking).toEqual([]);
    expect(faultOf(() => layAll(session, [at(9, '/b', 3n)], { generation: 1 }))).toMatchObject({
      message: expect.stringContaining('the time of "/a" has changed in this generation') as string,
    });
  });

  it('takes times that file systems do not have', async () => {
    const times = [-(2n ** 63n), 2n ** 63n - 1n, -1n, 0n];
    const files = times.map((mtimeNs, at) => ({ ...fileAt(session, at, `/${at}`, 'same'), mtimeNs }));
    const declared = { hash: hashOf('same').toString('hex'), size: 4 };
    await sessions.store.put(arrived(0, 'same'), declared, sessions.scratch);
    expect(layAll(session, files).lacking).toEqual([]);
  });

  it.each(['/proc', '/proc/self/environ', '/dev/null', '/sys/x', '/.job/x', '/.job'])("has no client's %s", (path) => {
    expect(refusal([directory(1, path)])).toBe(`"${path}" cannot be sent: jobs have their own there`);
  });

  it('takes names that only look like those', () => {
    expect(
      layAll(session, [directory(1, '/procs'), directory(2, '/home/proc'), directory(3, '/.jobs')]).lacking,
    ).toEqual([]);
  });

  it('follows no link and enters no file, whatever comes first', async () => {
    const outside = join(fixture.top, 'outside');
    mkdirSync(outside);
    expect(refusal([link(1, '/a', outside), directory(2, '/a/b')])).toBe(
      'a path of the job goes through the link "/a"',
    );
    expect(refusal([link(3, '/a/b', 'x')])).toBe('a path of the job goes through the link "/a"');
    expect(refusal([link(4, '/up', '../../../../../../../../..'), directory(5, `/up${outside}/c`)])).toContain('"/up"');
    await layWith(sessions, session, { '/file': 'x' });
    expect(refusal([directory(6, '/file/b')])).toBe('a path of the job goes through the file "/file"');
    expect(readdirSync(outside)).toEqual([]);
  });

  it('has one thing at one path', async () => {
    await layWith(sessions, session, { '/a/file': 'x' }, [link(1, '/link', 'a')]);
    const taken = (path: string): string =>
      `"${path}" is something else already in this generation of the client's files`;
    expect(refusal([link(2, '/a', 'b')])).toBe(taken('/a'));
    expect(refusal([link(3, '/link', 'b')])).toBe(taken('/link'));
    expect(refusal([directory(4, '/link')])).toBe(taken('/link'));
    expect(refusal([link(5, '/a/file', 'b')])).toBe(taken('/a/file'));
    const other = fileAt(session, 6, '/a/file', 'y');
    await sessions.store.put(arrived(6, 'y'), { hash: hashOf('y').toString('hex'), size: 1 }, sessions.scratch);
    expect(refusal([other])).toBe(taken('/a/file'));
  });

  it('refuses names that its file system does not take', () => {
    expect(refusal([directory(1, `/${'a'.repeat(256)}`)])).toContain('is too long a name for this server');
    expect(refusal([directory(2, '/a'.repeat(2000))])).toContain('is too long a name for this server');
    expect(refusal([directory(4, '/a'.repeat(200))])).toContain('is too deep for this server');
    // Names are bytes, which need not be UTF-8.
    expect(layAll(session, [directory(3, '/\xff')]).lacking).toEqual([]);
    expect(layAll(session, [directory(5, `/${'a'.repeat(255)}`), directory(6, '/b'.repeat(100))]).lacking).toEqual([]);
  });

  it('keeps to its limits, and gives all back at its end', async () => {
    sessions = fixture.open({ entries: 10, allEntries: 16, copies: 10, allCopies: 15 });
    const one = enter(sessions, 1);
    layAll(one, [directory(1, '/a/b/c/d/e/f/g/h/i')]);
    expect(faultOf(() => layAll(one, [directory(2, '/b/c')]))).toMatchObject({
      message: 'a job may have 10 files and directories here: compile this file locally',
    });
    const two = enter(sessions, 2);
    expect(faultOf(() => layAll(two, [directory(1, '/a/b/c/d/e/f/g/h')]))).toMatchObject({ name: 'Overload' });
    leave(sessions, one);
    leave(sessions, two);
    fixture.now += 15 * 60_000;
    expect(sessions.review()).toBe(false);
    const three = enter(sessions, 3);
    await sessions.store.put(arrived(0, 'same'), { hash: hashOf('same').toString('hex'), size: 4 }, sessions.scratch);
    const same = (number: number, of = three): Definition => fileAt(of, number, `/${number}`, 'same');
    layAll(three, [same(0), same(1)]);
    expect(faultOf(() => layAll(three, [same(2)]))).toMatchObject({
      message: 'too many files of the job have the same content: compile this file locally',
    });
    const four = enter(sessions, 4);
    expect(faultOf(() => layAll(four, [same(0, four), same(1, four)]))).toMatchObject({ name: 'Overload' });
  });

  it('lets one address have no more bytes than its share', async () => {
    sessions = fixture.open({ perAddress: 10 });
    const one = enter(sessions, 1);
    await layWith(sessions, one, { '/a': 'aaaaaaaa' });
    await sessions.store.put(arrived(0, 'bbb'), { hash: hashOf('bbb').toString('hex'), size: 3 }, sessions.scratch);
    expect(faultOf(() => layAll(one, [fileAt(one, 1, '/b', 'bbb')]))).toMatchObject({ name: 'Overload' });
    const two = enter(sessions, 2, '127.0.0.2');
    await layWith(sessions, two, { '/b': 'bbb' });
    // A session of its own that nobody uses gives way.
    leave(sessions, one);
    const three = enter(sessions, 3);
    await layWith(sessions, three, { '/c': 'cccccccc' });
    expect(sessions.size).toBe(2);
  });

  it('has mount points for parts of this machine, and follows none of their links', () => {
    const parts: MachineParts = {
      shown: [join(fixture.top, 'tools'), join(fixture.top, 'single')],
      links: new Map([
        ['/usr/bin/tool', '../../etc'],
        ['/lib', '/usr/lib'],
      ]),
      isShown: (path) =>
        path === join(fixture.top, 'single') || `${path}/`.startsWith(`${join(fixture.top, 'tools')}/`),
    };
    mkdirSync(join(fixture.top, 'tools'));
    writeFileSync(join(fixture.top, 'tools/own.h'), 'own');
    writeFileSync(join(fixture.top, 'single'), 'single');
    const outside = join(fixture.top, 'outside');
    expect(refusal([directory(1, '/lib/x')], parts)).toBe('a path of the job goes through the link "/lib"');
    expect(refusal([directory(2, '/usr/bin/tool/x')], parts)).toContain('goes through the link "/usr/bin/tool"');
    // As it is there, and another one.
    const { path, lacking } = layAll(session, [link(3, '/lib', '/usr/lib')], { parts });
    expect(lacking).toEqual([]);
    expect(refusal([link(4, '/lib', 'elsewhere')], parts)).toContain('is something else already');
    // The client's own file, as this machine has it, needs neither proof nor content.
    const own = { ...fileAt(session, 5, join(fixture.top, 'tools/own.h'), 'own'), proof: Buffer.alloc(32) };
    expect(layAll(session, [own], { parts }).lacking).toEqual([]);
    const differs = (number: number, name: string, text: string): string =>
      refusal([fileAt(session, number, join(fixture.top, name), text)], parts);
    expect(differs(6, 'tools/own.h', 'OWN')).toMatch(
      /tools\/own.h" belongs to the compiler and differs here: install the same version of the compiler on both$/,
    );
    expect(differs(7, 'tools/other.h', 'own')).toContain('differs here');
    expect(differs(8, 'single', 'SINGLE')).toContain('differs here');
    expect(refusal([link(9, join(fixture.top, 'tools/own.h'), 'x')], parts)).toContain('differs here');
    expect(refusal([directory(10, join(fixture.top, 'tools/own.h'))], parts)).toContain('differs here');
    expect(layAll(session, [directory(11, join(fixture.top, 'tools'))], { parts }).lacking).toEqual([]);
    // A file that has changed since is looked at again.
    writeFileSync(join(fixture.top, 'tools/own.h'), 'OWN, longer');
    expect(
      layAll(session, [fileAt(session, 12, join(fixture.top, 'tools/own.h'), 'OWN, longer')], { parts }).lacking,
    ).toEqual([]);
    // To a compiler that is elsewhere it is a path like another.
    expect(layAll(session, [own]).lacking).toEqual([5]);
    expect(existsSync(outside)).toBe(false);
    expect(lstatSync(join(path, 'lib')).isSymbolicLink()).toBe(true);
  });

  it('says so when something of the client is where the compiler has to be', () => {
    layAll(session, [link(1, '/usr', '/elsewhere')]);
    const parts = { ...bare, shown: ['/usr/bin'] };
    expect(refusal([directory(2, '/a')], parts)).toBe(
      'no compile from source here: "/usr" of the client is in the way of this machine\'s compiler',
    );
  });

  it('stays within its folder, whatever is declared in whatever order', () => {
    const name = fc.constantFrom('a', 'b', 'c', '.job', 'dev', '...');
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`);
    const target = fc.constantFrom('/', '..', '../..', '../../../../../../..', '/tmp', 'a', '.');
    const entry = fc.oneof(
      fc.record({ kind: fc.constant('directory' as const), path }),
      fc.record({ kind: fc.constant('link' as const), path, target }),
    );
    let secret = 0;
    const before = (): string[] => readdirSync(fixture.top, { recursive: false, encoding: 'utf8' }).sort();
    const outside = before();
    const property = fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
      secret = (secret + 1) % 250;
      const own = sessions.enter(Buffer.alloc(16, secret), `address ${secret}`, new PlayedUser()).session;
      const laid: string[] = [];
      const generation = own.enter(0);
      for (const [number, one] of entries.entries()) {
        try {
          finish(own.define([{ ...one, number }]));
          finish(own.lay(generation, bare, [number]));
          laid.push(one.path);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }
      // Each is where its path says, below real directories only.
      for (const one of laid) {
        for (let above = dirname(one); above !== '/'; above = dirname(above))
          expect(lstatSync(generation.tree.path + above).isDirectory()).toBe(true);
        expect(lstatSync(generation.tree.path + one, { throwIfNoEntry: false })).toBeDefined();
      }
      expect(before()).toEqual(outside);
      own.leave(generation);
      leave(sessions, own);
    });
    holds('trees', property, 60);
  });
});
