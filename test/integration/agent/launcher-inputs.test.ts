import { execFileSync } from 'node:child_process';
import { linkSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCarry, encodeMore, readAnswer } from '../../../src/wire/agent/carry.ts';
import type { AnswerMessage, CarryEnding } from '../../../src/wire/agent/carry.ts';
import { encodeCommand, encodeExit } from '../../../src/wire/agent/command.ts';
import { encodeSaveAnswer, encodeSendText } from '../../../src/wire/agent/file.ts';
import { encodeFrame, kinds } from '../../../src/wire/agent/frame.ts';
import { encodeGate, stampsDigest } from '../../../src/wire/agent/gate.ts';
import type { Gate } from '../../../src/wire/agent/gate.ts';
import {
  encodeFetch,
  encodeFollow,
  encodePaths,
  encodeCheckOutput,
  encodeStamp,
  readInput,
  readChecked,
  readTargets,
  stampLength,
} from '../../../src/wire/agent/inputs.ts';
import { encodeResponse } from '../../../src/wire/response.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { PlayedAgent } from './played-agent.ts';
import { PlayedHosts } from './played-hosts.ts';

const { ENOENT, EINVAL } = constants.errno;
const none = Buffer.alloc(0);

describe.skipIf(!needs('cc', 'gcc'))('the launcher and what a compile would read', () => {
  let played: PlayedAgent;
  let hosts: PlayedHosts;

  beforeEach(async () => {
    played = await PlayedAgent.start();
    hosts = new PlayedHosts();
  });
  afterEach(async () => {
    hosts.end();
    await played.end();
  });

  /** Plays an agent for one launcher. */
  async function play() {
    const { line, ended } = await played.call(['gcc']);
    const { frames, socket } = line;
    const say = (bytes: Buffer): void => void socket.write(bytes);
    /** Sends something, and gives the answers of that kind that come. */
    const ask = async (bytes: Buffer, kind: number, count = 1): Promise<Buffer[]> => {
      const answers = (): Buffer[] => frames.filter((frame) => frame.kind === kind).map(({ content }) => content);
      const before = answers().length;
      say(bytes);
      await until(() => answers().length >= before + count, 'the launcher answers');
      return answers().slice(before);
    };
    const end = async (): Promise<void> => {
      say(encodeExit(exited(0)));
      await ended;
    };
    return { ask, end, say, ended, frames };
  }

  const inBox = (name: string): string => join(played.box.work, name);

  it('tells a stamp for each path, and follows no link', async () => {
    writeFileSync(inBox('a.h'), 'content');
    symlinkSync('a.h', inBox('link.h'));
    const { ask, end } = await play();
    const paths = [inBox('a.h'), inBox('none.h'), inBox('link.h'), played.box.work, inBox('a.h/b.h')];
    const [stamps = none] = await ask(encodeStamp(encodePaths(paths)), kinds.STAMPS);
    expect(stamps.length).toBe(paths.length * stampLength);
    const stamp = (at: number): Buffer => stamps.subarray(at * stampLength, (at + 1) * stampLength);
    const found = statSync(inBox('a.h'), { bigint: true });
    const [device, inode, size] = [8, 16, 24].map((at) => stamp(0).readBigUInt64LE(at));
    expect([device, inode, size]).toEqual([found.dev, found.ino, 7n]);
    expect([stamp(0).readBigInt64LE(32), stamp(0).readBigInt64LE(40)]).toEqual([found.mtimeNs, found.ctimeNs]);
    expect(stamp(1).readUInt32LE(0)).toBe(ENOENT);
    expect(stamp(2).readUInt32LE(4) & 0o170000).toBe(0o120000);
    expect([stamp(3).readUInt32LE(4) & 0o170000, stamp(3).readBigUInt64LE(24)]).toEqual([0o040000, 0n]);
    expect(stamp(4).readUInt32LE(0)).toBe(constants.errno.ENOTDIR);
    await end();
  });

  it('tells another stamp after an edit that keeps size and time', async () => {
    const path = inBox('a.h');
    writeFileSync(path, 'one');
    const { ask, end } = await play();
    const { mtime } = statSync(path);
    const [first = none] = await ask(encodeStamp(encodePaths([path])), kinds.STAMPS);
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(path, 'two');
    utimesSync(path, mtime, mtime);
    const [second = none] = await ask(encodeStamp(encodePaths([path])), kinds.STAMPS);
    expect(second.equals(first)).toBe(false);
    await end();
  });

  it('does not vouch for a file system whose times may lie', async () => {
    const { ask, end } = await play();
    const [stamp = none] = await ask(encodeStamp(encodePaths(['/proc/self/status'])), kinds.STAMPS);
    expect(stamp.readUInt32LE(0)).toBe(constants.errno['EMEDIUMTYPE' as 'ENOENT'] ?? 124);
    await end();
  });

  it('sends whole files in order, with the reason for what is not a file', async () => {
    const large = Buffer.alloc(3_000_000, 'x');
    writeFileSync(inBox('large.h'), large);
    writeFileSync(inBox('empty.h'), '');
    linkSync(inBox('empty.h'), inBox('twin.h'));
    const { ask, end } = await play();
    const paths = ['large.h', 'none.h', 'empty.h', 'twin.h', ''].map(inBox);
    const inputs = (await ask(encodeFetch(paths), kinds.INPUT, paths.length)).map(readInput);
    expect(inputs.map(({ stamp }) => stamp.readUInt32LE(0))).toEqual([0, ENOENT, 0, 0, EINVAL]);
    expect(inputs[0]?.bytes.equals(large)).toBe(true);
    expect(inputs.slice(1).map(({ bytes }) => bytes.length)).toEqual([0, 0, 0, 0]);
    const age = BigInt(Date.now()) * 1_000_000n - (inputs[0]?.now ?? 0n);
    expect(age < 60_000_000_000n && age > -1_000_000_000n).toBe(true);
    await end();
  });

  it('waits for no fifo and no device', async () => {
    execFileSync('mkfifo', [inBox('fifo.h')]);
    const { ask, end } = await play();
    const inputs = (await ask(encodeFetch([inBox('fifo.h'), '/dev/zero']), kinds.INPUT, 2)).map(readInput);
    expect(inputs.map(({ stamp }) => stamp.readUInt32LE(0))).toEqual([EINVAL, EINVAL]);
    await end();
  });

  it('has a limit for a file', async () => {
    execFileSync('truncate', ['-s', '9000000', inBox('large.h')]);
    const { ask, end } = await play();
    const [input = none] = await ask(encodeFetch([inBox('large.h')]), kinds.INPUT);
    expect(readInput(input).stamp.readUInt32LE(0)).toBe(constants.errno.EFBIG);
    await end();
  });

  it('tells where links lead', async () => {
    symlinkSync('../far/away', inBox('link'));
    const { ask, end } = await play();
    const [targets = none] = await ask(encodeFollow([inBox('link'), played.box.work, inBox('none')]), kinds.TARGETS);
    expect(readTargets(targets)).toEqual(['../far/away', '', '']);
    await end();
  });

  it('tells what is wrong with an output', async () => {
    writeFileSync(inBox('a.c'), '');
    linkSync(inBox('a.c'), inBox('twin.o'));
    const { ask, end } = await play();
    const checked = async (output: string) => {
      const [answer = none] = await ask(encodeCheckOutput('a.c', output), kinds.CHECKED);
      return readChecked(answer);
    };
    expect(await checked('a.o')).toEqual({ outputIsSource: false, notWritable: false });
    expect(await checked('twin.o')).toEqual({ outputIsSource: true, notWritable: false });
    expect(await checked('none/a.o')).toEqual({ outputIsSource: false, notWritable: true });
    await end();
  });

  it('answers questions that come together in their order', async () => {
    const { say, frames, end } = await play();
    const check = encodeCheckOutput('a.c', 'a.o');
    const asked = [check, encodeCheckOutput('a.c', 'none/a.o'), encodeStamp(encodePaths([played.box.work])), check];
    say(Buffer.concat(asked));
    await until(() => frames.length === 1 + asked.length, 'the launcher has answered all of them');
    const [, free, lacking, stamps, last] = frames;
    expect([free, lacking, stamps, last].map((frame) => frame?.kind)).toEqual(
      ['CHECKED', 'CHECKED', 'STAMPS', 'CHECKED'].map((name) => kinds[name as keyof typeof kinds]),
    );
    expect([free, lacking, last].map((frame) => readChecked(frame?.content ?? none).notWritable)).toEqual([
      false,
      true,
      false,
    ]);
    await end();
  });

  it('sends what a program wrote to stderr', async () => {
    const { ask, say, end } = await play();
    say(encodeCommand('PREPROCESS', { number: 1, argv: ['sh', '-c', 'echo out; echo err >&2'], changes: [] }));
    const [text] = await ask(encodeSendText('text'), kinds.TEXT, 2);
    const [messages] = await ask(encodeSendText('messages'), kinds.TEXT, 2);
    expect([text?.toString(), messages?.toString()]).toEqual(['out\n', 'err\n']);
    await end();
  });

  const carry = (port: number, ending: CarryEnding): Buffer =>
    encodeCarry({
      way: { kind: 'tcp', addresses: ['127.0.0.1'], port },
      connectMs: 5000,
      idleMs: 20_000,
      body: 'none',
      ending,
      tells: false,
      token: 'NONE',
      head: Buffer.from('head'),
    });

  const token = (name: string, length: number): string => name + length.toString(16).padStart(8, '0');
  const answerIn = async (asked: Promise<Buffer[]>): Promise<AnswerMessage> => readAnswer((await asked)[0] ?? none);
  const object = Buffer.alloc(100_000, 'o');
  const response = Buffer.concat([
    ...encodeResponse({ version: 1, status: 0, stderr: none, stdout: none, object }),
    Buffer.from(`${token('DOTD', 4)}a.o:`),
  ]);

  it('sends a host more when it asks, and saves both files out of the answer', async () => {
    const came: string[] = [];
    const replies = [`${token('WELC', 2)}{}`, `${token('NEED', 1)}x`, response];
    const port = await hosts.listen(0, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        came.push(chunk.toString());
        socket.write(replies.shift() ?? '');
      });
    });
    const { ask, say, ended } = await play();
    const first = await answerIn(ask(carry(port, 'dependencies'), kinds.ANSWER));
    expect([first.step, first.beginning.toString()]).toEqual(['done', `${token('WELC', 2)}{}`]);
    const second = await answerIn(ask(encodeMore(Buffer.from('job')), kinds.ANSWER));
    expect([second.step, second.beginning.toString()]).toEqual(['done', `${token('NEED', 1)}x`]);
    const third = await answerIn(ask(encodeMore(Buffer.from('data')), kinds.ANSWER));
    expect([third.step, third.size, third.dependencies]).toEqual(['done', response.length, 4]);
    expect([first.dependencies, second.dependencies]).toEqual([undefined, undefined]);
    expect(came).toEqual(['head', 'job', 'data']);
    const at = response.length - 16 - object.length;
    say(encodeSaveAnswer({ flags: 0, number: 1, path: 'a.d' }, { at: response.length - 4, length: 4 }));
    say(encodeSaveAnswer({ flags: 0, number: 2, path: 'a.o' }, { at, length: object.length }));
    say(encodeExit(exited(0)));
    expect((await ended).status).toBe(0);
    expect(played.box.read('a.d').toString()).toBe('a.o:');
    expect(played.box.read('a.o').equals(object)).toBe(true);
  });

  /** A host that counts its connections and answers each, and a job that goes there if a gate is open. */
  async function gated() {
    let met = 0;
    const port = await hosts.listen(0, (socket) => {
      met += 1;
      socket.on('data', () => socket.write(response));
    });
    const { ask, end } = await play();
    const goes = async (gate: Gate): Promise<string> => {
      const before = met;
      const asked = ask(Buffer.concat([encodeGate(gate), carry(port, 'dependencies')]), kinds.ANSWER);
      return `${(await answerIn(asked)).step}, ${met - before} met`;
    };
    const stampsOf = async (paths: Buffer): Promise<Buffer> =>
      Buffer.from((await ask(encodeStamp(paths), kinds.STAMPS))[0] ?? none);
    return { goes, stampsOf, end, again: () => answerIn(ask(carry(port, 'dependencies'), kinds.ANSWER)) };
  }

  it('goes to a host only when all is as it has to be', async () => {
    writeFileSync(inBox('a.c'), 'int a;');
    writeFileSync(inBox('a.h'), 'one');
    symlinkSync('a.h', inBox('b.h'));
    const { goes, stampsOf, end, again } = await gated();
    const paths = encodePaths(['a.c', 'a.h', 'b.h', 'none.h'].map(inBox));
    const gateFor = async (outputs: readonly string[]): Promise<Gate> => ({
      source: 'a.c',
      outputs,
      paths,
      digest: stampsDigest(await stampsOf(paths)),
    });
    const gate = await gateFor(['a.o', 'a.d']);
    expect(await goes(gate)).toBe('done, 1 met');
    writeFileSync(inBox('none.h'), '');
    expect(await goes(gate)).toBe('closed, 0 met');
    // A gate is for one request.
    expect((await again()).step).toBe('done');
    expect(await goes(await gateFor([]))).toBe('done, 1 met');
    expect(await goes(await gateFor(['a.o', 'none/a.d']))).toBe('closed, 0 met');
    expect(await goes(await gateFor(['a.c']))).toBe('closed, 0 met');
    const last = await gateFor(['a.o']);
    expect(await goes(last)).toBe('done, 1 met');
    writeFileSync(inBox('a.h'), 'two');
    expect(await goes(last)).toBe('closed, 0 met');
    await end();
  });

  it('tells one list of stamps from another whichever byte of them differs', async () => {
    const { goes, stampsOf, end } = await gated();
    const paths = encodePaths([played.box.work, inBox('none.h')]);
    const stamps = await stampsOf(paths);
    const digests = new Set([stampsDigest(stamps).toString('hex')]);
    for (let at = 0; at < stamps.length; at += 1) {
      const other = Buffer.from(stamps);
      other.writeUInt8((other.readUInt8(at) + 1) % 256, at);
      digests.add(stampsDigest(other).toString('hex'));
    }
    expect(digests.size).toBe(1 + stamps.length);
    const open = { source: '', outputs: [], paths, digest: stampsDigest(stamps) };
    expect(await goes(open)).toBe('done, 1 met');
    for (let at = 0; at < open.digest.length; at += 4) {
      const digest = Buffer.from(open.digest);
      digest.writeUInt8(digest.readUInt8(at) ^ 1, at);
      expect(await goes({ ...open, digest })).toBe('closed, 0 met');
    }
    await end();
  });

  it.each<readonly [string, Buffer]>([
    ['without a digest', encodeFrame(kinds.GATE, Buffer.alloc(8))],
    ['without paths', encodeFrame(kinds.GATE, Buffer.alloc(20), Buffer.from('a.c\0'))],
    ['whose last path has no end', encodeFrame(kinds.GATE, Buffer.alloc(20), Buffer.from('a.c\0/a'))],
    ['with more outputs than strings', encodeFrame(kinds.GATE, Buffer.alloc(16), Buffer.from([3, 0, 0, 0, 97, 0]))],
    ['with too many outputs', encodeFrame(kinds.GATE, Buffer.alloc(16), Buffer.alloc(200, 9))],
  ])('leaves an agent that sends a gate %s', async (_, message) => {
    const { say, ended } = await play();
    say(message);
    // It starts an agent of its own, which does the job.
    expect((await ended).status).toBe(1);
  });

  it('cannot send more when no host has asked', async () => {
    const { ask, end } = await play();
    expect((await answerIn(ask(encodeMore(Buffer.from('more')), kinds.ANSWER))).step).toBe('given up');
    await end();
  });

  it('leaves a host that waits for more when it has something else to do', async () => {
    let closed = false;
    const port = await hosts.listen(0, (socket) => {
      socket.on('data', () => socket.write(token('NEED', 0)));
      socket.on('close', () => (closed = true));
    });
    const { ask, end } = await play();
    expect((await answerIn(ask(carry(port, 'dependencies'), kinds.ANSWER))).step).toBe('done');
    expect(closed).toBe(false);
    await ask(encodeCommand('PREPROCESS', { number: 1, argv: ['true'], changes: [] }), kinds.ENDED);
    await until(() => closed, 'the host is left');
    await end();
  });

  it('takes an offer that follows an answer, and does not wait long for one', async () => {
    const plain = Buffer.concat(encodeResponse({ version: 1, status: 0, stderr: none, stdout: none, object }));
    const offer = Buffer.from(`${token('CAPS', 6)}tree/1`);
    const answers = [Buffer.concat([plain, offer]), plain];
    const port = await hosts.listen(0, (socket) => {
      socket.on('data', () => socket.write(answers.shift() ?? none));
    });
    const { ask, end } = await play();
    const with_ = await answerIn(ask(carry(port, 'offer'), kinds.ANSWER));
    expect([with_.step, with_.size]).toEqual(['done', plain.length + offer.length]);
    // This host says nothing more, and does not close.
    const without = await answerIn(ask(carry(port, 'offer'), kinds.ANSWER));
    expect([without.step, without.size]).toEqual(['done', plain.length]);
    await end();
  });

  it.each([6, 14])('does not wait for an offer that comes byte by byte, after %i bytes', async (whole) => {
    const plain = Buffer.concat(encodeResponse({ version: 1, status: 0, stderr: none, stdout: none, object }));
    const offer = Buffer.from(`${token('CAPS', 6)}tree/1`);
    let sent = 0;
    const port = await hosts.listen(0, (socket) => {
      socket.once('data', () => socket.write(Buffer.concat([plain, offer.subarray(0, whole)])));
      const drip = setInterval(() => {
        // It never ends by itself.
        if (whole + sent < offer.length - 1) socket.write(offer.subarray(whole + sent, whole + sent + 1));
        sent += 1;
      }, 1000);
      socket.on('close', () => clearInterval(drip));
    });
    const { ask, end } = await play();
    const without = await answerIn(ask(carry(port, 'offer'), kinds.ANSWER));
    expect([without.step, without.size]).toEqual(['done', plain.length]);
    await end();
  });
});
