import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import type { Session } from '../../../../src/server/inputs/session.ts';
import { Sessions } from '../../../../src/server/inputs/sessions.ts';
import { Overload, Refusal } from '../../../../src/server/policy/refusal.ts';
import type { Definition } from '../../../../src/wire/inputs/definitions.ts';
import { until } from '../../../support/daemon.ts';
import { faultOf } from '../../wire/reading.ts';
import { arrived, bare, enter, fileAt, hashOf, InputsFixture, layAll, leave, PlayedUser } from './inputs-fixture.ts';

let fixture: InputsFixture;
let sessions: Sessions;
beforeEach(() => {
  fixture = new InputsFixture();
  sessions = fixture.open();
});
afterEach(() => fixture.end());

const put = (content: string): Promise<unknown> =>
  sessions.store.put(
    arrived(0, content),
    { hash: hashOf(content).toString('hex'), size: Buffer.byteLength(content) },
    sessions.scratch,
  );
/** Folders of trees. */
const trees = (): string[] => readdirSync(fixture.spool.path).filter((name) => name !== 'daemon-lock');

describe('a session', () => {
  it('asks for what is not here, and then no more', async () => {
    const session = enter(sessions, 1);
    const file = fileAt(session, 1, '/a', 'text');
    expect(layAll(session, [file]).lacking).toEqual([1]);
    await put('text');
    expect(layAll(session, [file]).lacking).toEqual([]);
    // Another client's is here already.
    const other = enter(sessions, 2);
    expect(layAll(other, [fileAt(other, 1, '/b', 'text')]).lacking).toEqual([]);
  });

  it('refuses a job when the disk has no room for its tree', () => {
    const noSpace = (): never => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    };
    const spool = { path: fixture.top, lend: noSpace, takeBack: () => Promise.resolve() };
    const places = { contents: join(fixture.top, 'more'), spool, left: () => {} };
    const full = new Sessions(places, sessions.limits, () => 0);
    expect(() => enter(full, 1).enter(0)).toThrow(Overload);
  });

  it.each<[string, (right: Buffer) => Buffer]>([
    ['none', () => Buffer.alloc(32)],
    ['one bit wrong', (right) => Buffer.concat([right.subarray(0, 31), Buffer.of((right[31] ?? 0) ^ 1)])],
  ])('asks for what is here as if it were not when the proof is wrong: %s', async (_, change) => {
    await put('secret');
    const session = enter(sessions, 1);
    const right = fileAt(session, 1, '/a', 'secret');
    const wrong = { ...right, proof: change(right.proof) };
    expect(layAll(session, [wrong]).lacking).toEqual([1]);
    // In the tree of nobody who has not proved it.
    expect(layAll(session, [{ ...wrong, number: 2, path: '/b' }]).lacking).toEqual([2]);
    expect(layAll(session, [right]).lacking).toEqual([]);
  });

  it('takes no proof that another session would take', async () => {
    await put('secret');
    const [one, two] = [enter(sessions, 1), enter(sessions, 2)];
    expect(layAll(two, [fileAt(one, 1, '/a', 'secret')]).lacking).toEqual([1]);
    expect(one.nonce.equals(two.nonce)).toBe(false);
  });

  it('takes no proof for a content of another length', async () => {
    await put('secret');
    const session = enter(sessions, 1);
    expect(layAll(session, [{ ...fileAt(session, 1, '/a', 'secret'), size: 5 }]).lacking).toEqual([1]);
  });

  it('has a number stand for one thing', () => {
    const session = enter(sessions, 1);
    const file = fileAt(session, 1, '/a', 'text');
    const define = (...definitions: readonly Definition[]): void => finish(session.define(definitions));
    define(file, { ...file, mtimeNs: 5n });
    for (const other of [
      { ...file, path: '/b' },
      fileAt(session, 1, '/a', 'TEXT'),
      { ...file, size: 5 },
      { kind: 'directory', number: 1, path: '/a' } as const,
      { kind: 'link', number: 1, path: '/a', target: 'x' } as const,
    ]) {
      expect(faultOf(() => define(other))).toMatchObject({
        kind: 'malformed',
        message: 'number 1 is defined as something else',
      });
    }
    define({ kind: 'link', number: 2, path: '/a', target: 'x' });
    expect(faultOf(() => define({ kind: 'link', number: 2, path: '/a', target: 'y' }))).toMatchObject({
      kind: 'malformed',
    });
  });

  it('knows nothing of numbers without a definition, and takes contents for files only', () => {
    const session = enter(sessions, 1);
    const generation = session.enter(0);
    expect(faultOf(() => finish(session.lay(generation, bare, [5])))).toMatchObject({
      kind: 'malformed',
      message: 'number 5 is used and not defined',
    });
    finish(session.define([{ kind: 'directory', number: 5, path: '/a' }]));
    expect(faultOf(() => session.file(5))).toMatchObject({
      kind: 'malformed',
      message: 'a content came for number 5, which is not a file',
    });
  });

  it('asks once for a content of several numbers', () => {
    const session = enter(sessions, 1);
    layAll(session, [
      fileAt(session, 1, '/a', 'same'),
      fileAt(session, 2, '/b', 'same'),
      fileAt(session, 3, '/c', 'other'),
    ]);
    expect(session.withoutTwins([1, 2, 3])).toEqual([1, 3]);
  });

  it('waits for what another connection was asked for, until all of it came or the connection ended', async () => {
    const session = enter(sessions, 1);
    layAll(session, [
      fileAt(session, 1, '/a', 'one'),
      fileAt(session, 2, '/b', 'two'),
      fileAt(session, 3, '/c', 'one'),
    ]);
    const asked = session.ask([1, 2]);
    const waiting = session.underWay([1, 2, 3]);
    expect([...waiting.numbers]).toEqual([1, 2, 3]);
    let over = false;
    void waiting.over.then(() => (over = true));
    asked.came(hashOf('one').toString('hex'));
    await nextTurn();
    expect([...session.underWay([1, 2, 3]).numbers]).toEqual([2]);
    expect(over).toBe(false);
    asked.close();
    await waiting.over;
    expect(session.underWay([1, 2, 3]).numbers.size).toBe(0);
  });

  it('keeps generations as long as jobs work on them, and the last one', async () => {
    const session = enter(sessions, 1);
    const one = session.enter(1);
    expect(session.enter(1)).toBe(one);
    const two = session.enter(2);
    expect(trees()).toHaveLength(2);
    expect(session.enter(1)).toBe(one);
    for (let left = 0; left < 3; left += 1) session.leave(one);
    await until(() => trees().length === 1, 'the first tree is removed');
    session.leave(two);
    expect(trees()).toHaveLength(1);
    expect(session.enter(2)).toBe(two);
    expect(faultOf(() => session.enter(1))).toMatchObject({
      name: 'Refusal',
      message: "generation 1 of the client's files is over: 2 is the last one",
    });
  });

  it('has no more generations at work than it may', () => {
    const session = enter(sessions, 1);
    const entered = Array.from({ length: 64 }, (_, number) => session.enter(number));
    const fault = faultOf(() => session.enter(64));
    expect(fault).toBeInstanceOf(Refusal);
    expect(fault).toMatchObject({ message: expect.stringContaining('64 generations') as string });
    const [first] = entered;
    if (first === undefined) throw new Error('no generation');
    session.leave(first);
    expect(session.enter(65).number).toBe(65);
  });

  it('sees the tree of a generation with the parts of each compiler by themselves', async () => {
    await put('text');
    const session = enter(sessions, 1);
    const file = fileAt(session, 1, '/nowhere/own.h', 'text');
    const shown = { ...bare, isShown: (path: string) => path.startsWith('/nowhere/') };
    expect(faultOf(() => layAll(session, [file], { parts: shown }))).toBeInstanceOf(Refusal);
    expect(layAll(session, [file]).lacking).toEqual([]);
    expect(faultOf(() => layAll(session, [file], { parts: shown }))).toBeInstanceOf(Refusal);
  });
});

describe('sessions', () => {
  it('are entered by their secret, and end when they were left alone', async () => {
    const first = sessions.enter(Buffer.alloc(16, 1), '127.0.0.1', new PlayedUser());
    expect(first.fresh).toBe(true);
    expect(sessions.enter(Buffer.alloc(16, 1), '127.0.0.2', new PlayedUser())).toEqual({
      session: first.session,
      fresh: false,
    });
    expect(sessions.enter(Buffer.alloc(16, 2), '127.0.0.1', new PlayedUser()).fresh).toBe(true);
    first.session.leave(first.session.enter(0));
    expect(trees()).toHaveLength(1);
    leave(sessions, first.session);
    fixture.now += 20 * 60_000;
    sessions.review();
    expect(sessions.size).toBe(2);
    leave(sessions, first.session);
    fixture.now += 15 * 60_000 - 1;
    sessions.review();
    expect(sessions.size).toBe(2);
    fixture.now += 1;
    expect(sessions.review()).toBe(true);
    expect(sessions.size).toBe(1);
    await until(() => trees().length === 0, 'its tree is removed');
    expect(sessions.enter(Buffer.alloc(16, 1), '127.0.0.1', new PlayedUser()).fresh).toBe(true);
    expect(fixture.left).toEqual([]);
  });

  it('make room for a new one by the end of one that nobody uses', () => {
    sessions = fixture.open({ sessions: 4, sessionsPerAddress: 2 });
    const working = (): PlayedUser => Object.assign(new PlayedUser(), { works: true });
    const [one, two] = [enter(sessions, 1), enter(sessions, 2)];
    const fault = faultOf(() => enter(sessions, 3));
    expect(fault).toBeInstanceOf(Overload);
    expect(fault).toMatchObject({ message: '2 agents of this client are at work here, which is the limit' });
    leave(sessions, two);
    leave(sessions, one);
    enter(sessions, 2, '127.0.0.1', working());
    enter(sessions, 3, '127.0.0.1', working());
    // The first one went, since the second one has been used since.
    expect(sessions.enter(Buffer.alloc(16, 2), '', new PlayedUser()).fresh).toBe(false);
    enter(sessions, 4, '127.0.0.2', working());
    enter(sessions, 5, '127.0.0.2', working());
    expect(faultOf(() => enter(sessions, 6, '127.0.0.3'))).toMatchObject({
      name: 'Overload',
      message: 'agents of 4 clients are at work here, which is the limit',
    });
  });

  it('give way to a client that has fewer, unless a job of theirs runs', async () => {
    sessions = fixture.open({ sessions: 3, sessionsPerAddress: 2 });
    const users = [1, 2, 3].map(() => new PlayedUser());
    const [one, two, three] = users;
    const first = enter(sessions, 1, '127.0.0.1', one);
    const second = enter(sessions, 2, '127.0.0.1', two);
    enter(sessions, 3, '127.0.0.2', three);
    if (one !== undefined) one.works = true;
    second.enter(0);
    const fourth = enter(sessions, 4, '127.0.0.3');
    expect(users.map(({ ends }) => ends.length)).toEqual([0, 1, 0]);
    expect(two?.ends[0]).toMatchObject({ name: 'Overload', reason: 'too_many_agents' });
    expect(sessions.size).toBe(3);
    // What it has stays until its connection has let go of it; then all of it goes.
    expect(trees()).toHaveLength(1);
    leave(sessions, second);
    await until(() => trees().length === 0, 'its tree is removed');
    // Each has one now, and nobody has fewer.
    expect(faultOf(() => enter(sessions, 5, '127.0.0.3'))).toBeInstanceOf(Overload);
    expect(enter(sessions, 1, '127.0.0.1', one)).toBe(first);
    expect(enter(sessions, 4, '127.0.0.3')).toBe(fourth);
  });

  it('have no more memory than they may', () => {
    sessions = fixture.open({ memory: 40_000 });
    const define = (session: Session, from: number, count: number): void => {
      for (let at = from; at < from + count; at += 1)
        finish(session.define([{ kind: 'directory', number: at, path: `/${at}` }]));
    };
    const one = enter(sessions, 1);
    define(one, 0, 24);
    expect(faultOf(() => define(one, 24, 1))).toBeInstanceOf(Overload);
    const others = [2, 3, 4].map((secret) => enter(sessions, secret));
    for (const other of others) define(other, 0, 24);
    const five = enter(sessions, 5);
    define(five, 0, 2);
    expect(faultOf(() => define(five, 2, 10))).toBeInstanceOf(Overload);
    leave(sessions, one);
    define(five, 2, 10);
    expect(sessions.size).toBe(4);
  });

  it('end for contents that there is no room for', async () => {
    sessions = fixture.open({ quota: 10, perAddress: 100 });
    const one = enter(sessions, 1);
    await put('aaaaaaaa');
    layAll(one, [fileAt(one, 1, '/a', 'aaaaaaaa')]);
    await expect(put('bbbb')).rejects.toThrow(Overload);
    leave(sessions, one);
    await put('bbbb');
    expect(sessions.size).toBe(0);
    expect(sessions.store.used).toBe(4);
  });
});
