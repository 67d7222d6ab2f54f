import { afterEach, describe, expect, it } from 'vitest';
import { encodeRequest, encodeRequestHead } from '../../../src/wire/request.ts';
import { compiler, patient, startService } from '../../support/service.ts';
import type { TestService } from '../../support/service.ts';
import { connectTo } from '../../support/wire-client.ts';

const argv = ['sh', '-c', 'a.c', '-o', 'a.o'];
const source = Buffer.from('int x;\n');

let service: TestService;
const serve = async (...change: Parameters<typeof startService>): Promise<TestService> => {
  service = await startService(...change);
  return service;
};
afterEach(() => service.end());

describe('every state of a connection ends by itself', () => {
  it('a client that says nothing', async () => {
    const { port } = await serve({ deadlines: { ...patient, silence: 50 } });
    const { answer } = await connectTo(port);
    expect(await answer).toHaveLength(0);
    expect(service.lines.join('\n')).toContain('the client was silent for too long');
  });

  it('a client that falls silent in the middle of its request', async () => {
    const { port } = await serve({ deadlines: { ...patient, silence: 50 } });
    const { socket, answer } = await connectTo(port);
    socket.write(encodeRequestHead({ version: 1, argv }));
    socket.write('DOTI00000100abc');
    expect(await answer).toHaveLength(0);
    expect(service.lines.join('\n')).toContain('the client was silent for too long');
  });

  it('a client that falls silent after it had to wait for memory', async () => {
    const { port, budget } = await serve({ deadlines: { ...patient, silence: 500 } });
    // All that one address may have.
    const other = budget.open('127.0.0.1', () => {});
    expect(other.tryTake(4 * 1024 * 1024)).toBe(true);
    const overdrawn = budget.open('somebody', () => {});
    overdrawn.wait(8 * 1024 * 1024, () => {});
    const { socket, answer } = await connectTo(port);
    socket.write(encodeRequestHead({ version: 1, argv }));
    socket.write('DOTI00400000abc');
    await new Promise((next) => setTimeout(next, 1500));
    expect(service.lines.join('\n')).not.toContain('the client was silent');
    other.close();
    expect(await answer).toHaveLength(0);
    expect(service.lines.join('\n')).toContain('the client was silent for too long');
  });

  it('but no client is silent while its compiler runs', async () => {
    const { port } = await serve({ spawn: compiler('sleep 1.5'), deadlines: { ...patient, silence: 500 } });
    const { socket, answer } = await connectTo(port);
    for (const chunk of encodeRequest({ version: 1, argv, source })) socket.write(chunk);
    expect((await answer).toString()).toMatch(/^DONE00000001STAT00000000/);
  });

  it('a client that drips its request', async () => {
    const { port } = await serve({ deadlines: { ...patient, receiving: 200 } });
    const { socket, answer } = await connectTo(port);
    const bytes = encodeRequestHead({ version: 1, argv });
    let at = 0;
    const drip = setInterval(() => socket.write(bytes.subarray(at, (at += 1))), 20);
    expect(await answer).toHaveLength(0);
    clearInterval(drip);
    expect(service.lines.join('\n')).toContain('the request took too long to arrive');
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
    const { port, queue } = await serve({ spawn: compiler('sleep 60'), lifetimeMs: 50 });
    const { socket, answer } = await connectTo(port);
    for (const chunk of encodeRequest({ version: 1, argv, source })) socket.write(chunk);
    expect((await answer).toString()).toMatch(/^DONE00000001STAT00007600SERR/);
    expect(queue.running).toBe(0);
  });

  it('a client that does not read its answer', async () => {
    const big = compiler('head -c 20000000 /dev/zero >a.o');
    const { port, budget } = await serve({ spawn: big, deadlines: { ...patient, answering: 100 } });
    const { socket } = await connectTo(port);
    socket.pause();
    for (const chunk of encodeRequest({ version: 1, argv, source })) socket.write(chunk);
    while (!service.lines.some((line) => line.includes('CLI_DISCONN')))
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(budget.used).toBe(0);
    socket.destroy();
  });
});
