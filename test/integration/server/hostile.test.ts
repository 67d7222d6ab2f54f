import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeRequest, encodeRequestHead } from '../../../src/wire/request.ts';
import { leftovers, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { connectTo, converse } from '../../support/wire-client.ts';

const argv = ['gcc', '-O1', '-c', 'hello.c', '-o', 'hello.o'];
const source = Buffer.from('# 1 "hello.c"\nint hello(void) { return 42; }\n');
const good = encodeRequest({ version: 1, argv, source });
const residentKb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon({ compilers: ['gcc'] });
});
afterAll(() => daemon.end());

const stillServes = async (): Promise<void> => {
  expect((await converse(daemon.port, good)).toString('latin1')).toMatch(/^DONE00000001STAT00000000/);
};

describe('a daemon among strangers', () => {
  it('survives requests with any bytes changed, cut, or put in', async () => {
    const whole = { 1: Buffer.concat(good), 2: Buffer.concat(encodeRequest({ version: 2, argv, source })) };
    const change = fc.record({
      version: fc.constantFrom(1 as const, 2 as const),
      at: fc.nat(400),
      remove: fc.nat(20),
      insert: fc.uint8Array({ maxLength: 20 }),
      cut: fc.boolean(),
    });
    const property = fc.asyncProperty(change, async ({ version, at, remove, insert, cut }) => {
      const bytes = whole[version];
      const tail = cut ? Buffer.alloc(0) : bytes.subarray(at + remove);
      const { socket, answer } = await connectTo(daemon.port);
      socket.end(Buffer.concat([bytes.subarray(0, at), insert, tail]));
      await answer;
      return daemon.process.exitCode === null;
    });
    const report = await fc.check(property, { numRuns: 200 });
    console.log(`hostile requests: seed ${report.seed}`);
    expect(report.failed, fc.defaultReportMessage(report) ?? '').toBe(false);
    await stillServes();
    await until(() => leftovers(daemon.temporary).length === 0, 'nothing is left');
    expect(daemon.log()).not.toContain('lost a job');
  });

  it('gives no memory for announcements, and serves others meanwhile', async () => {
    const before = residentKb(daemon.process.pid ?? 0);
    const announcement = Buffer.concat([encodeRequestHead({ version: 1, argv }), Buffer.from('DOTI1fffffff')]);
    const silent = await Promise.all(Array.from({ length: 100 }, () => connectTo(daemon.port)));
    for (const { socket } of silent) socket.write(announcement);
    const large = Buffer.concat([source, Buffer.alloc(3_000_000, '\n')]);
    const answer = await converse(daemon.port, encodeRequest({ version: 1, argv, source: large }));
    expect(answer.toString('latin1')).toMatch(/^DONE00000001STAT00000000/);
    expect(residentKb(daemon.process.pid ?? 0) - before).toBeLessThan(100_000);
    for (const { socket } of silent) socket.destroy();
  });

  it('closes connections beyond its limit, and serves again when they are gone', async () => {
    const crowd = await Promise.all(Array.from({ length: 520 }, () => connectTo(daemon.port)));
    await until(() => daemon.log().includes('too many connections'), 'the limit is reached');
    for (const { socket } of crowd) socket.destroy();
    await Promise.all(crowd.map(({ answer }) => answer));
    // The daemon hears of the last of them after we do.
    for (let tries = 0; (await converse(daemon.port, good)).length === 0; tries += 1) expect(tries).toBeLessThan(1000);
    await stillServes();
  });
});
