import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ByteBudget, standstillMs } from '../../../src/server/limits/byte-budget.ts';
import type { Service } from '../../../src/server/connection/service.ts';
import { FairQueue, longJobMs } from '../../../src/server/limits/fair-queue.ts';
import { encodeRequest, encodeRequestHead } from '../../../src/wire/request.ts';
import { encodeSession } from '../../../src/wire/inputs/tree-job.ts';
import { encodeToken } from '../../../src/wire/token.ts';
import { startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { compiler, startService } from '../../support/service.ts';
import type { TestService } from '../../support/service.ts';
import { smallJob, TreeClient } from '../../support/tree-client.ts';
import { connectTo } from '../../support/wire-client.ts';
import type { WireClient } from '../../support/wire-client.ts';

const words = ['-c', 'a.c', '-o', 'a.o'];
const argv = ['gcc', ...words];
const small = encodeRequest({ version: 1, argv, source: Buffer.from('int x;\n') });
const mebibyte = 1024 * 1024;
const done = /^DONE00000001STAT00000000/;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function startFrom(port: number, from: string, chunks: readonly Buffer[] = []): Promise<WireClient> {
  const client = await connectTo(port, from);
  undo.push(() => client.socket.destroy());
  for (const chunk of chunks) client.socket.write(chunk);
  return client;
}

/** The text of an answer, as far as a test wants to see it. */
const answerOf = async ({ answer }: WireClient): Promise<string> => (await answer).subarray(0, 2000).toString('latin1');

async function service(change: Partial<Service>): Promise<TestService> {
  const started = await startService(change);
  undo.push(started.end);
  return started;
}

describe('a daemon with little memory', () => {
  async function start(...options: readonly string[]): Promise<TestDaemon> {
    const daemon = await startDaemon({ options: ['--allow', '127.0.0.0/8', ...options] });
    undo.push(() => daemon.end());
    return daemon;
  }

  it('serves another client when all connections are taken by two that say nothing', async () => {
    const daemon = await start('--max-memory', '64M');
    for (const from of ['127.0.0.2', '127.0.0.3']) {
      await Promise.all(Array.from({ length: 32 }, () => startFrom(daemon.port, from)));
    }
    expect(await answerOf(await startFrom(daemon.port, '127.0.0.4', small))).toMatch(done);
    await daemon.logs('all connections of this server are taken');
    await daemon.logs('REJ_OVERLOAD');
  });

  it("compiles another client's own files when all sessions are taken by eight that say nothing", async () => {
    const daemon = await start();
    for (let at = 10; at < 18; at += 1) {
      await Promise.all(
        Array.from({ length: 8 }, () => startFrom(daemon.port, `127.0.0.${at}`, [encodeSession(randomBytes(16))])),
      );
    }
    await until(() => daemon.log().split('connection from ').length > 64, 'all have begun');
    const honest = await new TreeClient(daemon.port, '127.0.0.99').run(smallJob('int g;\n'));
    expect(honest).toMatchObject({ error: undefined, answer: { status: 0 } });
    await daemon.logs('another client has fewer agents here');
  });

  it('closes no client for one that the access list denies', async () => {
    const daemon = await startDaemon({
      options: ['--allow', '127.0.0.2', '--allow', '127.0.0.3', '--max-memory', '64M'],
    });
    undo.push(() => daemon.end());
    for (const from of ['127.0.0.2', '127.0.0.3']) {
      await Promise.all(Array.from({ length: 32 }, () => startFrom(daemon.port, from)));
    }
    expect(await answerOf(await startFrom(daemon.port, '127.0.0.4'))).toBe('');
    await daemon.logs("'127.0.0.4:");
    expect(await answerOf(await startFrom(daemon.port, '127.0.0.2', small))).toBe('');
    await daemon.logs('too many connections');
    expect(daemon.log()).not.toContain('all connections of this server are taken');
  });

  it('does not call a client denied that has gone before it is served', async () => {
    const daemon = await start();
    daemon.process.kill('SIGSTOP');
    const { socket } = await startFrom(daemon.port, '127.0.0.2');
    socket.resetAndDestroy();
    await once(socket, 'close');
    daemon.process.kill('SIGCONT');
    expect(await answerOf(await startFrom(daemon.port, '127.0.0.3', small))).toMatch(done);
    expect(daemon.log()).not.toContain('denied');
  });

  it('serves another client when all memory is taken by two that send no more', async () => {
    const daemon = await start('--max-memory', '64M');
    const half = [
      encodeRequestHead({ version: 1, argv }),
      encodeToken('DOTI', 40 * mebibyte),
      Buffer.alloc(39 * mebibyte, '\n'),
    ];
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.2']) await startFrom(daemon.port, from, half);
    const large = encodeRequest({ version: 1, argv, source: Buffer.alloc(6 * mebibyte, '\n') });
    await until(() => (daemon.log().match(/connection from/g) ?? []).length >= 3, 'they are there');
    // As long as their bytes come there may be room.
    for (let tries = 0; tries < 20 && !daemon.log().includes('other clients need the memory'); tries += 1) {
      expect(await answerOf(await startFrom(daemon.port, '127.0.0.4', large))).toMatch(done);
    }
    await daemon.logs('other clients need the memory');
  });

  it('reads no request that is larger than its memory, and says what would cure that', async () => {
    const daemon = await start('--max-memory', '16M');
    const announced = [encodeRequestHead({ version: 1, argv }), encodeToken('DOTI', 200 * mebibyte), Buffer.alloc(10)];
    expect(await answerOf(await startFrom(daemon.port, '127.0.0.2', announced))).toBe('');
    await daemon.logs(/the request has 2097\d+ bytes, more than this server has memory for: raise --max-memory/);
  });

  it('writes no more than a minute has room for about one client, and nothing that hides', async () => {
    const daemon = await start();
    for (let at = 0; at < 100; at += 1) {
      const name = encodeRequest({ version: 1, argv: [`\u2028\u202Ecc`, ...words], source: Buffer.from('\n') });
      expect(await answerOf(await startFrom(daemon.port, '127.0.0.2', name))).toContain('is not permitted');
    }
    const refused = (): string[] =>
      daemon
        .log()
        .split('\n')
        .filter((line) => line.includes('refused a job'));
    await until(() => refused().length >= 60, 'the lines are written');
    expect(refused()[0]).toContain('"\\u2028\\u202ecc"');
    await daemon.end('SIGTERM');
    expect(refused()).toHaveLength(60);
    await daemon.logs('left out 40 lines about a job that was refused of 127.0.0.2');
  });
});

describe('slots', () => {
  it('are taken from long jobs of one client for another, which the first one hears of', async () => {
    const clock = { now: 0 };
    const queue = new FairQueue(2, () => clock.now);
    const { port, left, lines } = await service({ queue, spawn: compiler('case $PWD in *) sleep 600;; esac') });
    const hogs = await Promise.all([1, 2].map(() => startFrom(port, '127.0.0.2', small)));
    await until(() => queue.running === 2, 'both run');
    await startFrom(port, '127.0.0.3', small);
    await until(() => queue.waiting === 1, 'the other one waits');
    clock.now = longJobMs + 1;
    queue.review();
    await until(() => queue.waiting === 0, 'the other one has a slot');
    expect(queue.running).toBe(2);
    const put = await Promise.race(hogs.map(answerOf));
    // A stock client prints this and compiles elsewhere.
    expect(put).toMatch(/^DONE00000001STAT00007100SERR.*distccd: other clients wait, and this job has had its slot/s);
    await until(() => lines.join('\n').includes('REJ_OVERLOAD exit:0 sig:0 core:0 ret:114'), 'the summary');
    await until(() => left().length === 2, 'its folder is gone');
  });

  it('are not held by an answer that nobody reads', async () => {
    const { port, queue, left } = await service({ spawn: compiler('head -c 20000000 /dev/zero >a.o') });
    const { socket } = await startFrom(port, '127.0.0.2');
    socket.pause();
    for (const chunk of small) socket.write(chunk);
    expect(await answerOf(await startFrom(port, '127.0.0.3', small))).toMatch(done);
    expect(queue.running).toBe(0);
    await until(() => left().length === 0, 'no folder is left while it waits');
    socket.resume();
    let length = 0;
    socket.on('data', (chunk: Buffer) => (length += chunk.length));
    await once(socket, 'end');
    expect(length).toBe(20_000_000 + 5 * 12);
  });

  it('are kept by an answer for which there is no room, until there is', async () => {
    const answerFiles = new ByteBudget({ total: 50_000_000, overdraft: 0 });
    const queue = new FairQueue(2);
    const { port } = await service({ answerFiles, queue, spawn: compiler('head -c 20000000 /dev/zero >a.o') });
    const clients = [await startFrom(port, '127.0.0.2'), await startFrom(port, '127.0.0.2')];
    for (const { socket } of clients) {
      socket.pause();
      for (const chunk of small) socket.write(chunk);
    }
    await until(() => clients.every(({ socket }) => socket.bytesRead > 0), 'both are being answered');
    expect([answerFiles.used, queue.running]).toEqual([20_000_000, 1]);
    clients[0]?.socket.resume();
    clients[1]?.socket.resume();
    await Promise.all(clients.map(({ answer }) => answer));
    await until(() => answerFiles.used === 0 && queue.running === 0, 'both are gone');
  });
});

describe('memory', () => {
  it('is given back by what waits for a slot, when another client needs it', async () => {
    const clock = { now: 0 };
    const budget = new ByteBudget({ total: 4 * mebibyte, overdraft: 0 }, () => clock.now);
    const { port, queue, lines } = await service({ budget });
    await queue.enter({ client: 'somebody', signal: new AbortController().signal, putBack: () => undefined });
    const source = Buffer.alloc(2 * mebibyte, '\n');
    const request = encodeRequest({ version: 1, argv, source });
    const waiting = await Promise.all(['127.0.0.2', '127.0.0.3'].map((from) => startFrom(port, from, request)));
    await until(() => queue.waiting === 2, 'they wait for a slot');
    await startFrom(port, '127.0.0.4', encodeRequest({ version: 1, argv, source: source.subarray(mebibyte) }));
    const refused = (): boolean => lines.some((line) => line.includes('refused a job'));
    for (let tries = 0; !refused() && tries < 1000; tries += 1) {
      clock.now += standstillMs;
      budget.review();
      await new Promise((next) => setTimeout(next, 10));
    }
    expect(await Promise.race(waiting.map(answerOf))).toContain('other clients need the memory');
  });
});

describe('a transfer that is too slow', () => {
  const pace = { bytesPerSecond: 1000, windowMs: 1000 };

  it('is closed in the middle of a request', async () => {
    const { port, lines } = await service({ pace });
    const client = await startFrom(port, '127.0.0.2', [
      encodeRequestHead({ version: 1, argv }),
      encodeToken('DOTI', 5000),
    ]);
    const drip = setInterval(() => client.socket.write('\n'), 20);
    undo.push(() => clearInterval(drip));
    expect(await answerOf(client)).toBe('');
    expect(lines.join('\n')).toContain('the request came too slowly');
  });

  it('does not matter before the source, while the preprocessor runs', async () => {
    const { port } = await service({ pace });
    const client = await startFrom(port, '127.0.0.2', [encodeRequestHead({ version: 1, argv })]);
    await new Promise((next) => setTimeout(next, 3 * pace.windowMs));
    client.socket.write('DOTI00000001\n');
    expect(await answerOf(client)).toMatch(done);
  });

  it('is closed in the middle of an answer', async () => {
    const { port, lines, answerFiles } = await service({ pace, spawn: compiler('head -c 20000000 /dev/zero >a.o') });
    const { socket } = await startFrom(port, '127.0.0.2');
    socket.pause();
    for (const chunk of small) socket.write(chunk);
    await until(() => lines.join('\n').includes('CLI_DISCONN'), 'it is closed');
    expect(answerFiles.used).toBe(0);
  });

  it('is not one that is slow, however much the system took for it at once', async () => {
    const steady = { bytesPerSecond: 10_000, windowMs: 1000 };
    const { port } = await service({ pace: steady, spawn: compiler('head -c 20000000 /dev/zero >a.o') });
    const { socket } = await startFrom(port, '127.0.0.2');
    socket.removeAllListeners('data').pause();
    for (const chunk of small) socket.write(chunk);
    let length = 0;
    const read = (chunk: Buffer | null): void => void (length += chunk?.length ?? 0);
    for (let windows = 0; windows < 6; windows += 0.05) {
      await new Promise((next) => setTimeout(next, steady.windowMs / 20));
      read(socket.read(Math.min(10_000, socket.readableLength)) as Buffer | null);
    }
    socket.on('data', read).resume();
    await once(socket, 'end');
    expect(length).toBe(20_000_000 + 5 * 12);
  });
});
