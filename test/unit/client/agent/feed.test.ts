import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentEvent } from '../../../../src/agent-state/events.ts';
import { followAgent } from '../../../../src/agent-state/follow-agent.ts';
import type { Following } from '../../../../src/agent-state/follow-agent.ts';
import { Feed } from '../../../../src/client/agent/feed.ts';
import { FrameReader } from '../../../../src/wire/agent/frame.ts';
import type { SlotsReport } from '../../../../src/client/slots/queued-slots.ts';
import { until } from '../../../support/daemon.ts';
import { PlayedJobs } from '../builds/played-jobs.ts';

let folder: string;
let path: string;
let server: Server;
let jobs: PlayedJobs;
let feed: Feed;
let sockets: Socket[];
let followings: Following[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'test-feed-'));
  path = join(folder, 'agent');
  jobs = new PlayedJobs();
  sockets = [];
  followings = [];
  const report = (): SlotsReport => ({
    busy: new Map(),
    resting: new Map([['tcp_two_3632', { why: 'it is gone', until: jobs.now + 60_000 }]]),
    expected: new Map([
      ['tcp_one_3632', 1500],
      ['tcp_two_3632', Infinity],
    ]),
    waiting: new Map([[4711, 'a free slot on a host']]),
  });
  const takesInputs = (name: string): boolean | undefined => (name === 'tcp_one_3632' ? true : undefined);
  feed = new Feed({ history: jobs.history, started: 5, slots: report, takesInputs });
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    // As the agent does after it has read the question.
    socket.once('data', () => feed.add(socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
});

afterEach(async () => {
  for (const one of followings) one.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function follow(): AgentEvent[] {
  const told: AgentEvent[] = [];
  followings.push(followAgent(path, (event) => told.push(event)));
  return told;
}

const kindsOf = (events: readonly AgentEvent[]): string[] => events.map(({ kind }) => kind);

test('Feed begins with a picture of everything', async () => {
  jobs.remote('a.c');
  jobs.local('c.c');
  jobs.local('d.c', 'it links', 'look', 1);
  // It ends without a word.
  jobs.history.end(jobs.begin('e.c'));
  const track = jobs.begin('b.c');
  const told = follow();
  await until(() => told.length > 0, 'the picture');
  expect(told[0]).toMatchObject({
    kind: 'picture',
    agent: { pid: process.pid, started: 5 },
    hosts: [
      { name: 'one', slots: 2, takesInputs: true, done: 1, failed: 0, expected: 1.5 },
      { name: 'two', slots: 2, done: 0, rest: { why: 'it is gone' } },
    ],
    machine: { processors: expect.any(Number) as number },
    jobs: [{ job: track.number, file: 'b.c', phase: 'queue', why: 'a free slot on a host' }],
    ended: [{ job: 1, file: 'a.c', host: 'one' }, { file: 'c.c' }, { file: 'd.c' }, { file: 'e.c' }],
    here: { done: 2, failed: 1 },
    build: { running: true, jobs: 4 },
  });
  const [picture] = told;
  expect(picture?.kind === 'picture' && picture.hosts[1]).not.toHaveProperty('expected');
});

test('Feed tells what changes: a job in its latest phase, ends, failures, hosts, machine and build', async () => {
  const told = follow();
  await until(() => told.length > 0, 'the picture');
  const track = jobs.begin('a.c');
  track.begin('scan');
  track.goesTo(jobs.host(0), 1);
  jobs.now += 10;
  track.begin('connect');
  await until(() => told.some(({ kind }) => kind === 'job'), 'the job');
  expect(told.filter(({ kind }) => kind === 'job')).toMatchObject([
    { job: { phase: 'connect', host: 'one', slot: 1 } },
  ]);
  track.failed(jobs.host(0), 'the connection was closed');
  track.staysHere({ because: 'no host can be used', cure: 'look' });
  jobs.history.end(track);
  await until(() => told.some(({ kind }) => kind === 'end'), 'its end');
  expect(told.find(({ kind }) => kind === 'failure')).toMatchObject({
    job: 1,
    host: 'one',
    why: 'the connection was closed',
  });
  expect(told.find(({ kind }) => kind === 'end')).toMatchObject({ end: { job: 1, why: 'no host can be used' } });
  await until(() => ['hosts', 'machine', 'build'].every((kind) => kindsOf(told).includes(kind)), 'the rest');
  expect(told.findLast(({ kind }) => kind === 'hosts')).toMatchObject({ hosts: [{ name: 'one', failed: 1 }, {}] });
  expect(kindsOf(told).filter((kind) => kind === 'picture')).toHaveLength(1);
});

test('Feed costs nothing when nobody follows any more', async () => {
  expect(jobs.history.isFollowed).toBe(false);
  const told = follow();
  await until(() => told.length > 0, 'the picture');
  expect(jobs.history.isFollowed).toBe(true);
  followings[0]?.close();
  await until(() => !jobs.history.isFollowed, 'it has gone');
  expect(jobs.history.watcher).toBeUndefined();
});

test('Feed keeps little for a follower that does not read, and gives it a new picture when it does', async () => {
  const lazy = createConnection(path);
  lazy.on('error', () => {});
  lazy.write('follow');
  lazy.pause();
  await until(() => jobs.history.isFollowed, 'it follows');
  const told = follow();
  await until(() => told.length > 0, 'the other one follows');
  const [socket] = sockets;
  let most = 0;
  for (let round = 0; round < 100; round += 1) {
    for (let at = 0; at < 200; at += 1) jobs.remote(`${'long/'.repeat(30)}${at}.c`);
    const count = told.length;
    await until(() => told.length > count, 'the other one hears of them');
    most = Math.max(most, socket?.writableLength ?? 0);
  }
  expect(most).toBeGreaterThan(1024 * 1024);
  expect(most).toBeLessThan(4 * 1024 * 1024);
  const ends = told.filter(({ kind }) => kind === 'end').length;
  expect(ends).toBe(20_000);
  // It reads again: after what was kept comes a picture with the last jobs.
  const reader = new FrameReader();
  const events: AgentEvent[] = [];
  lazy.on('data', (chunk) => {
    reader.feed(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next())
      events.push(...(JSON.parse(frame.content.toString()) as AgentEvent[]));
  });
  lazy.resume();
  await until(() => kindsOf(events).filter((kind) => kind === 'picture').length === 2, 'the new picture');
  const picture = events.findLast(({ kind }) => kind === 'picture');
  expect(picture?.kind === 'picture' && picture.ended.at(-1)?.job).toBe(20_000);
  expect(events.filter(({ kind }) => kind === 'end').length).toBeLessThan(20_000);
  lazy.destroy();
}, 60_000);

test('Feed turns away who is one too many', async () => {
  for (let at = 0; at < 16; at += 1) follow();
  await until(() => sockets.length === 16, 'all follow');
  await expect(followAgent(path, () => {}).ended).rejects.toThrow('closed the connection');
});
