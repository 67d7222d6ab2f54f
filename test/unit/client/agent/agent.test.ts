import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MockInstance } from 'vitest';
import { agentVersion } from '../../../../src/agent-state/agent-version.ts';
import type { AgentStatus } from '../../../../src/agent-state/status.ts';
import { LocalMemory } from '../../../../src/client/slots/local-memory.ts';
import { QueuedSlots } from '../../../../src/client/slots/queued-slots.ts';
import { runAgent } from '../../../../src/client/agent/agent.ts';
import { posix } from '../../../../src/system/posix.ts';
import { nameProcess } from '../../../../src/system/processes/process-name.ts';
import { encodeFrame, FrameReader, kinds } from '../../../../src/wire/agent/frame.ts';
import { encodeFound } from '../../../../src/wire/agent/file.ts';
import { encodeJob } from '../../../../src/wire/agent/job.ts';
import type { JobMessage } from '../../../../src/wire/agent/job.ts';
import { encodeAsk, encodeReport } from '../../../../src/wire/agent/question.ts';
import { hangLimit, until } from '../../../support/daemon.ts';

// This process keeps its own name.
vi.mock('../../../../src/system/processes/process-name.ts', () => ({ nameProcess: vi.fn() }));

const user = process.getuid?.() ?? 0;
const nobody = 65534;

/** Whoever connects to the agent. */
interface Caller {
  readonly socket: Socket;
  /** The messages of the agent, by kind. */
  readonly heard: (keyof typeof kinds)[];
  /** The text of its report. */
  report: string;
  closed: boolean;
}

describe.skipIf(process.platform !== 'linux')('runAgent()', () => {
  let top: string;
  let path: string;
  let handlers: Map<string, (error?: Error) => void>;
  let callers: Caller[];
  let running: Promise<boolean>[];
  let listened: number;
  let umask: MockInstance<(mask?: number | string) => number>;

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'agent-test-'));
    path = join(top, 'agent/1.0');
    handlers = new Map();
    callers = [];
    running = [];
    listened = 0;
    // An agent changes its process, which here is that of the tests.
    umask = vi.spyOn(process, 'umask').mockReturnValue(0o22);
    const keep = (name: string | symbol, handler: (error?: Error) => void): NodeJS.Process => {
      handlers.set(String(name), handler);
      return process;
    };
    vi.spyOn(process, 'on').mockImplementation(keep);
    vi.spyOn(process, 'once').mockImplementation(keep);
  });
  afterEach(async () => {
    for (const { socket } of callers) socket.destroy();
    handlers.get('SIGTERM')?.();
    await Promise.all(running);
    vi.restoreAllMocks();
    vi.useRealTimers();
    rmSync(top, { recursive: true, force: true });
  });

  /** Starts an agent, and waits until it listens. */
  async function start(idleSeconds = 60): Promise<{ ended: Promise<boolean>; isOver: () => boolean }> {
    const listening = (): void => {
      expect(statSync(path).isSocket()).toBe(true);
      listened += 1;
    };
    let over = false;
    const ended = runAgent({ path, idleSeconds, listening, program: undefined });
    running.push(ended);
    void ended.then(() => (over = true));
    await until(() => listened > 0 || over, 'the agent listens');
    return { ended, isOver: () => over };
  }

  /** Connects, and says something. */
  async function call(...said: readonly Buffer[]): Promise<Caller> {
    const socket = createConnection(path);
    const caller: Caller = { socket, heard: [], report: '', closed: false };
    callers.push(caller);
    const names = new Map(Object.entries(kinds).map(([name, kind]) => [kind, name as keyof typeof kinds]));
    const reader = new FrameReader();
    socket.on('error', () => {});
    socket.on('close', () => (caller.closed = true));
    socket.on('data', (chunk: Buffer) => {
      reader.feed(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        const name = names.get(frame.kind as never);
        if (name !== undefined) caller.heard.push(name);
        if (name === 'REPORT') caller.report += frame.content.toString();
        // PATH has no compilers.
        if (name === 'LOOK') socket.write(encodeFound([]));
      }
    });
    await once(socket, 'connect');
    for (const bytes of said) socket.write(bytes);
    return caller;
  }

  function job(change: Partial<JobMessage> = {}): Buffer {
    const { dev, ino } = statSync('/');
    const [mounts = 0, users = 0, network = 0] = ['mnt', 'user', 'net'].map(
      (name) => statSync(`/proc/self/ns/${name}`).ino,
    );
    return encodeJob({
      pid: 4711,
      umask: 0o22,
      terminals: [false, false, false],
      surroundings: [mounts, users, network, dev, ino],
      directory: top,
      words: ['distcc', 'gcc', '-c', 'ä.c'.replace('ä', '\u00c3\u00a4')],
      variables: [`DISTCC_DIR=${top}`, 'DISTCC_HOSTS=192.0.2.1/2', 'PATH=/nowhere'],
      hosts: { path: '', text: '', error: 0 },
      ...change,
    });
  }

  /** A launcher whose preprocessor runs until the test ends it. */
  async function launch(change: Partial<JobMessage> = {}): Promise<Caller> {
    const launcher = await call(job(change));
    const begins = new Set(['PREPROCESS', 'CARRY']);
    await until(() => launcher.heard.some((kind) => begins.has(kind)), 'the job has begun');
    return launcher;
  }

  async function status(question: 'status' | 'stop' = 'status'): Promise<AgentStatus> {
    const asker = await call(encodeAsk(question));
    await until(() => asker.report !== '', 'it answers');
    return JSON.parse(asker.report) as AgentStatus;
  }

  const folder = (): string[] => readdirSync(dirname(path)).sort();
  const found = (): boolean => existsSync(path);

  /** The kernel says that it is this user who connects, or cannot tell. */
  function comesFrom(peer: { readonly pid: number; readonly user: number } | undefined): void {
    const getsockopt = peer && ((): Buffer => Buffer.from(Int32Array.of(peer.pid, peer.user, 0).buffer));
    const before = posix.getsockopt;
    Object.assign(posix, { getsockopt });
    undo = () => void Object.assign(posix, { getsockopt: before });
  }
  let undo = (): void => {};
  afterEach(() => undo());

  it('listens where launchers look for it, once', async () => {
    const { ended } = await start();
    expect(folder()).toEqual(['1.0', '1.0.lock', '1.0.pid']);
    expect(readFileSync(`${path}.pid`, 'utf8')).toBe(`${process.pid}\n`);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(umask).toHaveBeenCalledWith(0o077);
    expect(nameProcess).toHaveBeenCalledWith('distcc-agent');
    expect(await runAgent({ path, idleSeconds: 60, listening: () => {}, program: undefined })).toBe(false);
    expect(folder()).toEqual(['1.0', '1.0.lock', '1.0.pid']);
    expect(await status()).toMatchObject({ pid: process.pid });
    handlers.get('SIGTERM')?.();
    expect(await ended).toBe(true);
    expect(folder()).toEqual(['1.0.lock']);
    // The lock is free again.
    listened = 0;
    expect((await start()).isOver()).toBe(false);
  });

  it('listens although an agent with its number was killed before it did', async () => {
    mkdirSync(dirname(path), { mode: 0o700 });
    writeFileSync(join(dirname(path), `new-${process.pid}`), '');
    await start();
    expect(folder()).toEqual(['1.0', '1.0.lock', '1.0.pid']);
  });

  describe('in a folder that others could get into', () => {
    const refused = async (): Promise<void> => {
      await expect(runAgent({ path, idleSeconds: 60, listening: () => {}, program: undefined })).rejects.toMatchObject({
        status: 107,
        message: `"${dirname(path)}" must be a directory that only you can enter: chmod 700 it`,
      });
    };

    it.each([0o710, 0o701, 0o720, 0o704])('does not listen: mode %o', async (mode) => {
      mkdirSync(dirname(path));
      chmodSync(dirname(path), mode);
      await refused();
      expect(folder()).toEqual([]);
    });

    it('does not listen: a link, or a file', async () => {
      mkdirSync(join(top, 'elsewhere'), { mode: 0o700 });
      symlinkSync('elsewhere', dirname(path));
      await refused();
      rmSync(dirname(path));
      writeFileSync(dirname(path), '', { mode: 0o600 });
      await refused();
    });

    it.skipIf(user !== 0)('does not listen: a folder of somebody else', async () => {
      mkdirSync(dirname(path), { mode: 0o700 });
      chownSync(dirname(path), nobody, nobody);
      await refused();
    });
  });

  describe('with another user', () => {
    it.each([
      ['a question', encodeAsk('status')],
      ['an order to end', encodeAsk('stop')],
      ['a job', undefined],
    ])('does not answer %s', async (_, bytes) => {
      await start();
      comesFrom({ pid: process.pid, user: user + 1 });
      const caller = await call(bytes ?? job());
      await until(() => caller.closed, 'it is thrown out');
      expect(caller.heard).toEqual([]);
      undo();
      expect(await status()).toMatchObject({ jobs: [], jobsDone: 0 });
      expect(found()).toBe(true);
    });

    it.skipIf(user !== 0 || posix.getsockopt === undefined)('does not answer a real one', async () => {
      await start();
      for (const place of [top, dirname(path), path]) chmodSync(place, 0o777);
      const connect = `
        const socket = require('net').connect(${JSON.stringify(path)}, () => process.stdout.write('connected '));
        socket.on('error', () => {}).on('data', () => process.stdout.write('answered ')).on('close', () => process.exit());
        socket.write(Buffer.from(${JSON.stringify(encodeAsk('status').toString('hex'))}, 'hex'));`;
      const asked = (uid: number): Promise<string> =>
        new Promise((resolve) => {
          execFile(process.execPath, ['-e', connect], { uid, cwd: '/' }, (_, stdout) => resolve(stdout));
        });
      expect(await asked(nobody)).toBe('connected ');
      expect(await asked(user)).toBe('connected answered ');
    });

    it('relies on the mode of its folder where the kernel does not tell who connects', async () => {
      comesFrom(undefined);
      await start();
      expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
      expect(await status()).toMatchObject({ pid: process.pid });
    });
  });

  it('tells what it does', async () => {
    const began = performance.now();
    await start();
    expect(await status()).toEqual({
      pid: process.pid,
      version: agentVersion,
      uptimeSeconds: expect.any(Number) as number,
      memoryBytes: expect.any(Number) as number,
      jobsDone: 0,
      largestLocalJob: 0,
      waiting: 0,
      sent: { unpreprocessed: 0, results: 0, preprocessed: 0, reasons: [] },
      jobs: [],
      hosts: [],
      expected: [],
      slots: [],
      resting: [],
    });
    expect((await status()).uptimeSeconds).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 1000));
    expect((await status()).memoryBytes).toBeGreaterThan(1e6);
    const launcher = await launch();
    const { jobs, slots } = await status();
    // The kernel's number for the launcher counts, not its own.
    const seconds: unknown = expect.any(Number);
    const words = ['distcc', 'gcc', '-c', 'ä.c'];
    expect(jobs).toEqual([{ pid: process.pid, directory: top, words, phase: 'preprocess', seconds }]);
    expect(await status()).toMatchObject({
      hosts: [{ name: 'tcp_192.0.2.1_3632', done: 0, failed: 0 }],
      build: { running: true, jobs: 0 },
    });
    expect(slots).toContainEqual({ name: 'tcp_192.0.2.1_3632', jobs: 1 });
    launcher.socket.destroy();
    await until(() => launcher.closed, 'it is gone');
    await vi.waitFor(async () => expect(await status()).toMatchObject({ jobs: [], jobsDone: 1, slots: [] }), hangLimit);
  });

  it('takes the number that a launcher gives itself where the kernel tells none', async () => {
    comesFrom({ pid: 0, user });
    await start();
    await launch();
    expect((await status()).jobs).toMatchObject([{ pid: 4711 }]);
  });

  it('tells a follower of its jobs, and ends without regard to it', async () => {
    const { ended } = await start();
    const follower = await call(encodeAsk('follow'));
    await until(() => follower.report.includes('"kind":"picture"'), 'the picture');
    const launcher = await launch();
    await until(() => follower.report.includes('"phase":"preprocess"'), 'the job');
    expect(follower.report).toContain('"file":"ä.c"');
    launcher.socket.destroy();
    await until(() => follower.report.includes('"kind":"end"'), 'its end');
    expect(follower.report).toContain('"why":"it was interrupted"');
    handlers.get('SIGTERM')?.();
    expect(await ended).toBe(true);
  });

  it('throws out a follower that asks again', async () => {
    await start();
    const follower = await call(encodeAsk('follow'));
    await until(() => follower.report !== '', 'the picture');
    follower.socket.write(encodeAsk('follow'));
    await until(() => follower.closed, 'it is thrown out');
  });

  it('tells what jobs wait for', async () => {
    comesFrom({ pid: 0, user });
    await start();
    const variables = [`DISTCC_DIR=${top}`, 'DISTCC_HOSTS=192.0.2.1/1', 'PATH=/nowhere'];
    await launch({ variables });
    await launch({ variables, pid: 4712 });
    const { jobs, waiting } = await status();
    expect([jobs[0]?.waitsFor, jobs[1]?.waitsFor, waiting]).toEqual([undefined, 'a free slot on a host', 1]);
  });

  it('tells how hosts do, and what a job of this machine would wait for', async () => {
    vi.spyOn(QueuedSlots.prototype, 'report').mockImplementation(() => ({
      busy: new Map(),
      waiting: new Map(),
      expected: new Map([['tcp_one_3632', 1500]]),
      resting: new Map([['tcp_two_3632', { why: 'it is gone', until: performance.now() + 3599_500 }]]),
    }));
    vi.spyOn(LocalMemory.prototype, 'obstacle').mockImplementation((pid) => `memory for ${pid}`);
    await start();
    expect(await status()).toMatchObject({
      lacks: `memory for ${process.pid}`,
      expected: [{ name: 'tcp_one_3632', seconds: 1.5 }],
      resting: [{ name: 'tcp_two_3632', why: 'it is gone', seconds: 3600 }],
    });
    // Where the kernel does not tell who asks, a job stands for it.
    comesFrom({ pid: 0, user });
    expect(await status()).toMatchObject({ lacks: 'memory for 0' });
    await launch();
    expect(await status()).toMatchObject({ lacks: 'memory for 4711' });
  });

  it.each([
    ['no message', Buffer.from('GET / HTTP/1.0\r\n\r\n')],
    ['a message that only it may send', encodeFrame(kinds.EXIT, Buffer.alloc(4))],
    ['a malformed job', encodeFrame(kinds.JOB, Buffer.alloc(72))],
    ['a malformed question', encodeFrame(kinds.ASK)],
    ['a job under another name', undefined],
  ])('throws out a caller that sends %s, and nobody else', async (_, bytes) => {
    await start();
    const stranger = await call(bytes ?? Buffer.concat([Buffer.from([kinds.TEXT]), job().subarray(1)]));
    await until(() => stranger.closed, 'it is thrown out');
    expect(stranger.heard).toEqual([]);
    expect(await status()).toMatchObject({ jobs: [], jobsDone: 0 });
  });

  it('answers a question of another version with its status', async () => {
    await start();
    const asker = await call(encodeFrame(kinds.ASK, Buffer.from([9, 0, 0, 0])));
    await until(() => asker.closed, 'it answers');
    expect([asker.heard, found()]).toEqual([['REPORT'], true]);
  });

  it('answers a question that comes in pieces, and nobody who closes one direction', async () => {
    await start();
    const question = encodeAsk('status');
    const asker = await call(question.subarray(0, 5));
    const other = await call(question.subarray(0, 5));
    other.socket.end();
    await until(() => other.closed, 'it is let go');
    asker.socket.write(question.subarray(5));
    await until(() => asker.report !== '', 'it answers');
    expect([asker.heard, other.heard]).toEqual([['REPORT'], []]);
  });

  it('gives the job of a launcher in a container back to it', async () => {
    await start();
    const launcher = await call(job({ surroundings: [1, 2, 3, 4, 5] }));
    await until(() => launcher.closed, 'it is let go');
    expect(launcher.heard).toEqual(['PRIVATE']);
    expect(await status()).toMatchObject({ jobs: [], jobsDone: 0 });
  });

  it.each([
    ['when asked to', (): unknown => status('stop')],
    ['on SIGTERM', (): unknown => handlers.get('SIGTERM')?.()],
    ['on SIGINT', (): unknown => handlers.get('SIGINT')?.()],
  ])('ends %s: takes no new job, and finishes those that it has', async (_, stop) => {
    const { ended, isOver } = await start();
    const launcher = await launch();
    await stop();
    expect(folder()).toEqual(['1.0.lock']);
    handlers.get('SIGTERM')?.();
    await new Promise((next) => setTimeout(next, 50));
    expect(isOver()).toBe(false);
    launcher.socket.destroy();
    expect(await ended).toBe(true);
  });

  it('ends when nobody comes, but not while it has a job', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const { ended, isOver } = await start(3600);
    const [first, second] = [await launch(), await launch()];
    for (const [at, launcher] of [first, second].entries()) {
      vi.advanceTimersByTime(3600_000);
      await turn();
      expect([isOver(), found()]).toEqual([false, true]);
      launcher.socket.destroy();
      await vi.waitFor(async () => expect(await status()).toMatchObject({ jobsDone: at + 1 }), hangLimit);
    }
    vi.advanceTimersByTime(1800_000);
    await turn();
    expect([isOver(), found()]).toEqual([false, true]);
    vi.advanceTimersByTime(1800_000);
    expect(await ended).toBe(true);
    expect(folder()).toEqual(['1.0.lock']);
  });

  it('ends when nobody has come at all', async () => {
    const { ended } = await start(0.01);
    expect(await ended).toBe(true);
  });

  it('ends when its socket is gone, and leaves the files of its successor alone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { ended, isOver } = await start();
    vi.advanceTimersByTime(10_000);
    expect(found()).toBe(true);
    renameSync(path, join(top, 'away'));
    writeFileSync(path, 'another');
    writeFileSync(`${path}.pid`, 'another');
    vi.advanceTimersByTime(9_999);
    expect(isOver()).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await ended).toBe(true);
    expect([path, `${path}.pid`].map((name) => readFileSync(name, 'utf8'))).toEqual(['another', 'another']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when its folder is gone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { ended } = await start();
    rmSync(dirname(path), { recursive: true });
    vi.advanceTimersByTime(10_000);
    expect(await ended).toBe(true);
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('removes what killed clients have left in the folder of its jobs', async () => {
    const { ended } = await start();
    const launcher = await launch();
    const left = join(top, 'state/binstate_4194301');
    mkdirSync(dirname(left), { recursive: true });
    writeFileSync(left, '');
    launcher.socket.destroy();
    handlers.get('SIGTERM')?.();
    await ended;
    expect(existsSync(left)).toBe(false);
  });

  it('stops agents of other versions, and removes what killed ones have left', async () => {
    mkdirSync(dirname(path), { mode: 0o700 });
    const [killed, living] = ['0.8', '0.9'].map((name) => join(dirname(path), name));
    const told: Buffer[] = [];
    const server = createServer((socket) => {
      // Who asks closes as soon as it has the answer.
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        told.push(chunk);
        socket.end(encodeReport('{}'));
      });
    }).listen(living);
    await once(server, 'listening');
    // One of its own version was killed too.
    for (const name of [killed, path]) {
      const code = `require('net').createServer().listen(${JSON.stringify(name)}, () => process.kill(process.pid, 'SIGKILL'))`;
      spawnSync(process.execPath, ['-e', code]);
    }
    for (const name of [killed, living]) writeFileSync(`${name}.pid`, '1\n');
    expect(folder()).toEqual(['0.8', '0.8.pid', '0.9', '0.9.pid', '1.0']);
    await start();
    await until(() => told.length > 0 && !existsSync(`${killed}.pid`), 'both are seen to');
    expect(Buffer.concat(told)).toEqual(encodeAsk('stop'));
    expect(folder()).toEqual(['0.9', '0.9.pid', '1.0', '1.0.lock', '1.0.pid']);
    server.close();
    // It does not stop itself.
    await new Promise((next) => setTimeout(next, 50));
    expect([(await status()).pid, found()]).toEqual([process.pid, true]);
  });

  it('saves a fault of its own in a file, and ends', async () => {
    await start();
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const fault = new Error('a fault of ours');
    handlers.get('uncaughtException')?.(fault);
    expect(readFileSync(join(dirname(path), 'fault'), 'utf8')).toBe(`${fault.stack}\n`);
    expect(exit).toHaveBeenCalledWith(100);
  });
});
