import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logging/logger.ts';
import { ByteBudget } from '../../../src/server/byte-budget.ts';
import type { Service } from '../../../src/server/connection.ts';
import { FairQueue } from '../../../src/server/fair-queue.ts';
import { onlyGuest } from '../../../src/server/house.ts';
import { LogLimit } from '../../../src/server/log-limit.ts';
import { slowestPace } from '../../../src/server/progress.ts';
import { JobStatistics } from '../../../src/server/job-statistics.ts';
import { serveConnection } from '../../../src/server/serve-client.ts';
import { spawn } from '../../../src/system/spawn.ts';
import { openSpool, type Spool } from '../../../src/system/temporary-folder.ts';
import { encodeRequest, encodeRequestHead } from '../../../src/wire/request.ts';
import { connectTo } from '../../support/wire-client.ts';

const argv = ['sh', '-c', 'a.c', '-o', 'a.o'];
const source = Buffer.from('int x;\n');
const patient = { receiving: 60_000, silence: 60_000, waiting: 60_000, answering: 60_000 };

let top: string;
let spool: Spool;
let server: Server | undefined;
let lines: string[];

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'deadlines-'));
  spool = openSpool(top, 'distccd-');
  lines = [];
});
afterEach(() => {
  server?.close();
  rmSync(top, { recursive: true, force: true });
});

/** Serves on a free port with these deadlines in ms, and one slot. */
async function serve(change: Partial<Service>): Promise<{ port: number; queue: FairQueue; budget: ByteBudget }> {
  const queue = new FairQueue(1);
  const budget = new ByteBudget({ total: 8 * 1024 * 1024, overdraft: 8 * 1024 * 1024 });
  const log = createLogger({ program: 'test', level: 'debug', sink: (line) => lines.push(line) });
  const service: Service = {
    log,
    clientLog: new LogLimit(log),
    pace: slowestPace,
    shelf: new ByteBudget({ total: 64 * 1024 * 1024, overdraft: 0 }),
    spool,
    spawn,
    environment: ['PATH=/usr/bin:/bin'],
    lifetimeMs: 60_000,
    graceMs: 100,
    access: () => ({ admits: () => true, networks: [], warnings: [] }),
    compilers: { permit: (name) => ({ path: '/bin/true', name }) },
    permittedOptions: () => false,
    queue,
    budget,
    deadlines: patient,
    statistics: new JobStatistics(),
    ...change,
  };
  const never = new AbortController().signal;
  server = createServer({ allowHalfOpen: true }, (socket) => {
    void serveConnection(socket, service, { drain: never, kill: never }, onlyGuest('127.0.0.1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, queue, budget };
}

describe('every state of a connection ends by itself', () => {
  it('a client that says nothing', async () => {
    const { port } = await serve({ deadlines: { ...patient, silence: 50 } });
    const { answer } = await connectTo(port);
    expect(await answer).toHaveLength(0);
    expect(lines.join('\n')).toContain('the client was silent for too long');
  });

  it('a client that drips its request', async () => {
    const { port } = await serve({ deadlines: { ...patient, receiving: 200 } });
    const { socket, answer } = await connectTo(port);
    const bytes = encodeRequestHead({ version: 1, argv });
    let at = 0;
    const drip = setInterval(() => socket.write(bytes.subarray(at, (at += 1))), 20);
    expect(await answer).toHaveLength(0);
    clearInterval(drip);
    expect(lines.join('\n')).toContain('the request took too long to arrive');
  });

  it('a job that waits for a slot: refused, so that the client goes elsewhere', async () => {
    const { port, queue, budget } = await serve({ deadlines: { ...patient, waiting: 50 } });
    await queue.enter({ client: 'another client', signal: new AbortController().signal, putBack: () => {} });
    const { socket, answer } = await connectTo(port);
    for (const chunk of encodeRequest({ version: 1, argv, source: Buffer.alloc(500_000, '\n') })) socket.write(chunk);
    expect((await answer).toString()).toContain('no slot became free in time');
    expect([queue.waiting, queue.running, budget.used]).toEqual([0, 1, 0]);
  });

  it('a compiler that runs too long', async () => {
    const slow: Service['spawn'] = (request) => spawn({ ...request, path: '/bin/sh', argv: ['sh', '-c', 'sleep 60'] });
    const { port, queue } = await serve({ spawn: slow, lifetimeMs: 50 });
    const { socket, answer } = await connectTo(port);
    for (const chunk of encodeRequest({ version: 1, argv, source })) socket.write(chunk);
    expect((await answer).toString()).toMatch(/^DONE00000001STAT00007600SERR/);
    expect(queue.running).toBe(0);
  });

  it('a client that does not read its answer', async () => {
    const big: Service['spawn'] = (request) =>
      spawn({ ...request, path: '/bin/sh', argv: ['sh', '-c', 'head -c 20000000 /dev/zero >a.o'] });
    const { port, budget } = await serve({ spawn: big, deadlines: { ...patient, answering: 100 } });
    const { socket } = await connectTo(port);
    socket.pause();
    for (const chunk of encodeRequest({ version: 1, argv, source })) socket.write(chunk);
    while (!lines.some((line) => line.includes('CLI_DISCONN'))) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(budget.used).toBe(0);
    socket.destroy();
  });
});
