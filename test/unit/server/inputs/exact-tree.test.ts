import fc from 'fast-check';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import { ExactTree } from '../../../../src/server/inputs/exact-tree.ts';
import type { Sight } from '../../../../src/server/inputs/exact-tree.ts';
import type { Generation, Session } from '../../../../src/server/inputs/session.ts';
import type { Sessions } from '../../../../src/server/inputs/sessions.ts';
import type { MachineParts } from '../../../../src/server/inputs/tree.ts';
import type { Definition } from '../../../../src/wire/inputs/definitions.ts';
import { bare, enter, InputsFixture, layWith, leave } from './inputs-fixture.ts';

let fixture: InputsFixture;
let sessions: Sessions;
let session: Session;
let generation: Generation;
beforeEach(async () => {
  fixture = new InputsFixture();
  sessions = fixture.open();
  session = enter(sessions, 1);
  await layWith(sessions, session, files, more);
  generation = session.enter(0);
});
afterEach(() => fixture.end());

/** Numbered from 1000 on; the last three have one content. */
const files = {
  '/w/a.c': 'a',
  '/w/b.c': 'b',
  '/w/inc/x.h': 'x',
  '/w/inc/deep/er/y.h': 'y',
  '/usr/include/s.h': 's',
  '/usr/include/sys/t.h': 't',
  '/w/one.h': 'twin',
  '/w/inc/two.h': 'twin',
  '/o/three.h': 'twin',
};
const more: readonly Definition[] = [
  { kind: 'link', number: 1, path: '/w/link', target: 'inc' },
  { kind: 'link', number: 2, path: '/cwd', target: '/w' },
  { kind: 'directory', number: 3, path: '/w/inc' },
  { kind: 'directory', number: 4, path: '/w/empty/dir' },
  { kind: 'directory', number: 5, path: '/w/empty' },
];
const numbers = [...Object.keys(files).map((_, at) => 1000 + at), ...more.map(({ number }) => number)];

const sightOf = (some: readonly number[], directory = '/w'): Sight => ({
  tree: generation.tree,
  inputs: new Map(some.map((number) => [number, session.input(number)])),
  directory,
});

const make = (parts: MachineParts = bare): ExactTree => new ExactTree(fixture.spool.lend('tree'), parts);

function show(tree: ExactTree, some: readonly number[], directory?: string): ExactTree {
  finish(tree.show(sightOf(some, directory)));
  return tree;
}

/** All that a tree has. */
function listing({ path }: ExactTree): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(join(path, folder), { withFileTypes: true }).flatMap((entry) => {
      const name = `${folder}${entry.name}`;
      if (entry.isSymbolicLink()) return [`${name} -> ${readlinkSync(join(path, name))}`];
      return entry.isDirectory()
        ? [`${name}/`, ...walk(`${name}/`)]
        : [`${name} ${readFileSync(join(path, name), 'utf8')}`];
    });
  return walk('').sort();
}

describe('ExactTree', () => {
  it('shows what a job has declared, its directory, and nothing else', () => {
    expect(listing(show(make(), [1000, 1002, 1]))).toEqual([
      '.job/',
      'w/',
      'w/a.c a',
      'w/inc/',
      'w/inc/x.h x',
      'w/link -> inc',
    ]);
    expect(listing(show(make(), [1004], '/home/me/build'))).toEqual([
      '.job/',
      'home/',
      'home/me/',
      'home/me/build/',
      'usr/',
      'usr/include/',
      'usr/include/s.h s',
    ]);
    expect(listing(show(make(), [2, 4], '/cwd/x'))).toEqual(['.job/', 'cwd -> /w', 'w/', 'w/empty/', 'w/empty/dir/']);
  });

  it('becomes what the next job may see, as if it were new', () => {
    const some = fc.subarray(numbers);
    const directory = fc.constantFrom('/w', '/w/inc', '/w/empty', '/cwd/sub', '/w/link', '/new/place', '/');
    fc.assert(
      fc.property(fc.array(fc.tuple(some, directory), { minLength: 1, maxLength: 5 }), (jobs) => {
        const tree = make();
        for (const [uses, cwd] of jobs) {
          show(tree, uses, cwd);
          const fresh = show(make(), uses, cwd);
          expect(listing(tree)).toEqual(listing(fresh));
          expect(tree.broken).toBe(false);
          rmSync(fresh.path, { recursive: true });
        }
        rmSync(tree.path, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it('has files of one content apart, with the times of the client, also when the second one comes later', async () => {
    session = enter(sessions, 2);
    const all = { '/w/one.h': 'late', '/w/inc/two.h': 'late', '/o/three.h': 'late' };
    await layWith(sessions, session, { '/w/one.h': 'late' });
    generation = session.enter(0);
    const tree = show(make(), [1000]);
    await layWith(sessions, session, all);
    show(tree, [1000, 1001, 1002]);
    const about = Object.keys(all).map((name) => statSync(tree.path + name));
    expect(new Set(about.map(({ ino }) => ino)).size).toBe(3);
    for (const { mtimeMs } of about) expect(mtimeMs).toBe(1_700_000_000_000);
  });

  it('has all other files by links, so that it takes no room', () => {
    const tree = show(make(), [1000]);
    expect(statSync(join(tree.path, 'w/a.c')).ino).toBe(statSync(join(generation.tree.path, 'w/a.c')).ino);
    expect(statSync(join(tree.path, 'w/a.c')).mode & 0o777).toBe(0o444);
  });

  it('leaves the mount points for parts of the machine alone', () => {
    const lib = join(fixture.top, 'lib');
    mkdirSync(lib);
    writeFileSync(join(lib, 'cc1'), '');
    const parts: MachineParts = {
      shown: [lib],
      links: new Map([['/lib', 'usr/lib']]),
      isShown: (path) => path === lib || path.startsWith(`${lib}/`),
    };
    const tree = show(make(parts), [1000]);
    const before = listing(tree);
    show(tree, numbers);
    show(tree, [], '/');
    show(tree, [1000]);
    expect(listing(tree)).toEqual(before);
    expect(before).toContain('lib -> usr/lib');
    expect(before).toContain(`${lib.slice(1)}/`);
  });

  it('tells how far it is from what a job may see', () => {
    const tree = show(make(), [1000, 1001, 1002]);
    expect(tree.distance(sightOf([1000, 1001, 1002]).inputs)).toBe(0);
    expect(tree.distance(sightOf([1000, 1003, 1004]).inputs)).toBe(4);
    expect(tree.distance(sightOf([]).inputs)).toBe(3);
  });

  it('is broken from when something fails, and when a change is not finished', () => {
    const tree = show(make(), [1000]);
    tree.show(sightOf([1001])).next();
    expect(tree.broken).toBe(true);
    const other = show(make(), [1000]);
    rmSync(join(other.path, 'w/a.c'));
    expect(() => show(other, [1001])).toThrow('ENOENT');
    expect(other.broken).toBe(true);
  });
});

describe('the exact trees of a session', () => {
  const jobOf = (...some: number[]): { tree: ExactTree; done: () => void } => {
    const tree = session.exact.borrow(bare, sightOf(some));
    if (tree === undefined) throw new Error('no tree');
    finish(tree.show(sightOf(some)));
    return { tree, done: () => session.exact.giveBack(tree) };
  };

  it('are one for each job at a time, and used again: the nearest first', () => {
    const [one, two] = [jobOf(1000, 1002), jobOf(1001, 1003)];
    expect(one.tree.path).not.toBe(two.tree.path);
    one.done();
    two.done();
    expect(sessions.exactTrees.idle.count).toBe(2);
    const three = jobOf(1001, 1003, 1004);
    expect(three.tree).toBe(two.tree);
    expect(jobOf(1001).tree).toBe(one.tree);
    expect(sessions.exactTrees.idle).toEqual({ count: 0, entries: 0 });
  });

  it('are for one compiler each', () => {
    const one = jobOf(1000);
    one.done();
    expect(session.exact.borrow({ ...bare }, sightOf([1000]))).not.toBe(one.tree);
  });

  it('are not used again when something is wrong with them', () => {
    const one = jobOf(1000);
    one.tree.spoil();
    one.done();
    expect(sessions.exactTrees.idle.count).toBe(0);
    expect(jobOf(1000).tree).not.toBe(one.tree);
  });

  it('do not become many, and go with the session', async () => {
    const jobs = Array.from({ length: 20 }, () => jobOf(1000));
    for (const { done } of jobs) done();
    expect(sessions.exactTrees.idle.count).toBe(16);
    session.leave(generation);
    leave(sessions, session);
    fixture.now = 3600_000;
    sessions.review();
    expect(sessions.size).toBe(0);
    expect(sessions.exactTrees.idle).toEqual({ count: 0, entries: 0 });
    for (const { tree } of jobs) {
      for (
        let waited = 0;
        waited < 1000 && lstatSync(tree.path, { throwIfNoEntry: false }) !== undefined;
        waited += 1
      ) {
        await new Promise((next) => setTimeout(next, 10));
      }
      expect(lstatSync(tree.path, { throwIfNoEntry: false })).toBeUndefined();
    }
  });
});
