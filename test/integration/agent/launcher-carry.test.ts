import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCarry, encodeKeep, readAnswer, readReached } from '../../../src/wire/agent/carry.ts';
import type { AnswerMessage, CarryMessage } from '../../../src/wire/agent/carry.ts';
import { encodeCommand, encodeExit } from '../../../src/wire/agent/command.ts';
import { encodeSaveAnswer, encodeSendText, encodeWrite } from '../../../src/wire/agent/file.ts';
import { encodeFrame, FrameReader, kinds } from '../../../src/wire/agent/frame.ts';
import type { Frame } from '../../../src/wire/agent/frame.ts';
import { encodeResponse } from '../../../src/wire/response.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { freePort } from '../../../scripts/free-port.mjs';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import { buildLonelyLauncher, lonelyVersion } from './played-agent.ts';
import { PlayedHosts } from './played-hosts.ts';

const none = Buffer.alloc(0);

/** Listens on 127.0.0.7, and has its queue full, so that it answers nobody any more. */
const silentListener = `
import socket, sys
server = socket.socket()
server.bind(("127.0.0.7", int(sys.argv[1])))
server.listen(0)
held = []
while True:
    held.append(socket.socket())
    held[-1].settimeout(0.3)
    try: held[-1].connect(server.getsockname())
    except TimeoutError: break
print("full", flush=True)
sys.stdin.read()
`;

describe.skipIf(!needs('cc', 'gcc'))('the launcher and a host', () => {
  let box: Sandbox;
  let hosts: PlayedHosts;
  let processes: ChildProcess[];

  beforeEach(() => {
    box = new Sandbox({ agent: true });
    hosts = new PlayedHosts();
    processes = [];
  });
  afterEach(() => {
    for (const each of processes) each.kill();
    hosts.end();
    box.remove();
  });

  const listen = (where: string | number, welcome: (socket: Socket) => void): Promise<number> =>
    hosts.listen(where, welcome);

  /** Plays an agent for one launcher: what it says first, and what it has heard. */
  async function play(say: readonly Buffer[], limit?: string) {
    const version = /0\.1\.0-[0-9a-f]{8}/.exec(readFileSync(distccProgram, 'latin1'))?.[0] ?? '';
    mkdirSync(join(box.own, 'agent'), { mode: 0o700 });
    const heard: Frame[] = [];
    let line: Socket | undefined;
    await listen(join(box.own, 'agent', version), (socket) => {
      line = socket;
      const reader = new FrameReader();
      socket.on('data', (chunk: Buffer) => {
        reader.feed(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) heard.push(frame);
      });
      socket.write(Buffer.concat(say));
    });
    const limited = ['-c', `ulimit ${limit}; exec "$0" gcc`, distccProgram];
    const { ended, child } =
      limit === undefined ? box.start(['gcc'], {}) : box.start(limited, {}, { program: '/bin/sh' });
    const answer = async (): Promise<AnswerMessage> => {
      await until(() => heard.some(({ kind }) => kind === kinds.ANSWER), 'the launcher has ended its connection');
      return readAnswer(heard.find(({ kind }) => kind === kinds.ANSWER)?.content ?? none);
    };
    return { heard, ended, child, answer, say: (bytes: Buffer) => line?.write(bytes) };
  }

  const preprocess = (script: string): Buffer =>
    encodeCommand('PREPROCESS', { number: 1, argv: ['sh', '-c', script], changes: [] });
  const carry = (port: number, more: Partial<CarryMessage> = {}): Buffer =>
    encodeCarry({
      way: { kind: 'tcp', addresses: ['127.0.0.1'], port },
      connectMs: 5000,
      idleMs: 20_000,
      body: 'text',
      ending: 'object',
      tells: false,
      token: 'DOTI',
      head: Buffer.from('head'),
      ...more,
    });
  it.each([true, false])('tells how far it has got when it is asked to (%s), and always when it was', async (tells) => {
    const { port } = host(16, (socket) => socket.end(response));
    const { heard, answer, ended } = await play([preprocess('printf text >&2'), carry(await port, { tells })]);
    const { ago } = await answer();
    const marks = heard.filter(({ kind }) => kind === kinds.REACHED).map(({ content }) => readReached(content));
    expect(marks).toEqual(tells ? ['connected', 'sent', 'answered'] : []);
    expect(ago.connected).toBeGreaterThanOrEqual(ago.sent);
    expect(ago.sent).toBeGreaterThanOrEqual(ago.answered);
    expect(ago.connected).toBeLessThan(600_000);
    void ended;
  });

  it('never reached what it did not', async () => {
    const { answer } = await play([preprocess('printf text'), carry(await freePort())]);
    expect((await answer()).ago).toEqual({ connected: Infinity, sent: Infinity, answered: Infinity });
  });

  const object = Buffer.alloc(300_000, 'o');
  const response = Buffer.concat(
    encodeResponse({ version: 1, status: 0, stderr: Buffer.from('said'), stdout: none, object }),
  );

  /** A host that takes a request up to its end, and then answers. */
  function host(whole: number, reply: (socket: Socket) => void): { port: Promise<number>; came: () => Buffer } {
    let came: Buffer = none;
    const port = listen(0, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        came = Buffer.concat([came, chunk]);
        if (came.length === whole) reply(socket);
      });
    });
    return { port, came: () => came };
  }

  it('sends the head, the token and the text, and saves the object out of the answer', async () => {
    const { port, came } = host(4 + 12 + 1_000_000, (socket) => socket.write(response));
    const script = 'head -c 1000000 /dev/zero | tr "\\0" x';
    const { answer, ended, say } = await play([preprocess(script), carry(await port)]);
    const { step, size } = await answer();
    expect([step, size]).toEqual(['done', response.length]);
    expect(came().toString('latin1', 0, 20)).toBe('headDOTI000f4240xxxx');
    const part = { at: response.length - object.length, length: object.length };
    say(encodeSaveAnswer({ flags: 0, number: 1, path: 'a.o' }, part));
    say(encodeExit(exited(0)));
    expect((await ended).status).toBe(0);
    expect(box.read('a.o').equals(object)).toBe(true);
  });

  it.skipIf(!needs('python3', 'python3'))('sends no text that it has made for an agent that is gone', async () => {
    const program = join(box.temporary, 'distcc');
    buildLonelyLauncher(program, '/nonexistent');
    const { port, came } = host(Number.NaN, () => {});
    // Its own agent has it go to a host at once, and ends it when it has said how that went.
    const own = `#!/usr/bin/python3
import socket, struct
line = socket.socket(fileno=3)
def take(length):
    return line.recv(length, socket.MSG_WAITALL) if length > 0 else b''
while len(header := take(8)) == 8:
    kind, length = struct.unpack('<II', header)
    take(length)
    if kind == ${kinds.JOB}: line.sendall(bytes.fromhex('${carry(await port).toString('hex')}'))
    if kind == ${kinds.ANSWER}: line.sendall(bytes.fromhex('${encodeExit(exited(7)).toString('hex')}'))
`;
    writeFileSync(join(box.temporary, 'distcc-agent'), own, { mode: 0o755 });
    mkdirSync(join(box.own, 'agent'), { mode: 0o700 });
    await listen(join(box.own, 'agent', lonelyVersion), (socket) => {
      const reader = new FrameReader();
      socket.on('data', (chunk: Buffer) => {
        reader.feed(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next())
          if (frame.kind === kinds.ENDED) socket.destroy();
      });
      socket.write(preprocess('printf text'));
    });
    expect((await box.run(['gcc'], {}, { program })).status).toBe(7);
    expect('head'.startsWith(came().toString('latin1'))).toBe(true);
  });

  it('connects when the order comes after the preprocessor has ended, and writes what it gets meanwhile', async () => {
    const { port } = host(4 + 12 + 4, (socket) => setTimeout(() => socket.write(response), 100));
    const { answer, ended, heard, say } = await play([preprocess('printf text')]);
    await until(() => heard.some(({ kind }) => kind === kinds.ENDED), 'the text is there');
    say(carry(await port));
    say(encodeWrite(2, Buffer.from('a line\n')));
    expect((await answer()).step).toBe('done');
    say(encodeExit(exited(0)));
    expect((await ended).stderr).toBe('a line\n');
  });

  it('sends nothing when the preprocessor fails, which the agent hears', async () => {
    const { port, came } = host(Infinity, () => {});
    const { answer, ended, say } = await play([preprocess('sleep 0.1; exit 1'), carry(await port)]);
    expect((await answer()).step).toBe('given up');
    expect(came().length).toBeLessThanOrEqual(4);
    say(encodeExit(exited(1)));
    await ended;
  });

  it('sends nothing when the order comes after the preprocessor has failed', async () => {
    const { port, came } = host(Infinity, () => {});
    const { answer, ended, heard, say } = await play([preprocess('printf text; exit 1')]);
    await until(() => heard.some(({ kind }) => kind === kinds.ENDED), 'it has failed');
    say(carry(await port));
    expect((await answer()).step).toBe('given up');
    expect(came().length).toBeLessThanOrEqual(4);
    say(encodeExit(exited(1)));
    await ended;
  });

  it('tells what came of a host that closes before it has read all', async () => {
    const port = await listen(0, (socket) => {
      socket.once('data', () => socket.end('refused'));
    });
    const { answer, ended, say } = await play([preprocess('head -c 8000000 /dev/zero'), carry(port)]);
    const { step, size } = await answer();
    expect([step === 'done', size <= 7]).toEqual([false, true]);
    say(encodeExit(exited(0)));
    await ended;
  });

  it('survives a host that says that it is done and then breaks the connection off', async () => {
    const port = await listen(0, (socket) => {
      socket.once('data', () => {
        socket.pause().end();
        setTimeout(() => socket.resetAndDestroy(), 50);
      });
    });
    const { answer, ended, say } = await play([preprocess('head -c 60000000 /dev/zero'), carry(port)]);
    expect((await answer()).step).not.toBe('done');
    say(encodeExit(exited(0)));
    expect(await ended).toMatchObject({ status: 0, signal: null });
  });

  it('tells that a host refuses the connection', async () => {
    const port = await listen(0, () => {});
    hosts.servers.at(-1)?.close();
    const { answer, ended, say } = await play([preprocess('printf text'), carry(port)]);
    expect(await answer()).toMatchObject({ step: 'connecting', error: 111 });
    say(encodeExit(exited(0)));
    await ended;
  });

  it('tells that at once, while the preprocessor works', async () => {
    const port = await listen(0, () => {});
    hosts.servers.at(-1)?.close();
    const { answer, ended, heard, say } = await play([
      preprocess('until test -e go; do sleep 0.05; done'),
      carry(port),
    ]);
    expect(await answer()).toMatchObject({ step: 'connecting', error: 111 });
    expect(heard.some(({ kind }) => kind === kinds.ENDED)).toBe(false);
    box.write('go', '');
    say(encodeExit(exited(0)));
    await ended;
  });

  it('takes the answer of a host that reads no more', async () => {
    const port = await listen(0, (socket) => {
      socket.once('data', () => socket.pause().write(response));
    });
    const { answer, ended, say } = await play([preprocess('head -c 60000000 /dev/zero'), carry(port)]);
    expect((await answer()).step).toBe('done');
    say(encodeExit(exited(0)));
    await ended;
  });

  it.each([
    'SERR      -c',
    'SERR0000000c',
    'SERRffffffff',
    'SERR  000004',
    'serr00000004',
    'SERR0000004x',
    'HTTP/1.1 400',
  ])('leaves it to the agent what %j means, whatever follows', async (token) => {
    const end = token === 'SERR0000000c' ? `${'e'.repeat(12)}distccd: no!` : '';
    const { port } = host(4 + 12 + 4, (socket) => socket.write(`DONE00000001STAT00000000${token}${end}`));
    const { answer, ended, say } = await play([preprocess('printf text'), carry(await port)]);
    expect(await answer()).toMatchObject({ step: 'done', size: 36 + end.length });
    say(encodeExit(exited(0)));
    await ended;
  });

  it.each([
    ['-n 13', 24],
    ['-f 200', 27],
  ])('does not hold what it lacks under a limit of its caller, %s, against the host', async (limit, error) => {
    const { port } = host(4 + 12 + 4, (socket) => socket.write(response));
    const { answer, ended, say } = await play([preprocess('printf text'), carry(await port)], limit);
    expect(await answer()).toMatchObject({ step: 'given up', error });
    say(encodeExit(exited(0)));
    await ended;
  });

  it('does not wait for the rest of a text that somebody makes shorter', async () => {
    const port = await listen(0, (socket) => {
      socket.pause();
      void until(() => box.has('shorter'), 'the text is shorter').then(() => socket.resume());
    });
    const shorten = '{ until test -e go; do sleep 0.05; done; : >/proc/self/fd/1; touch shorter; } &';
    const script = `head -c 60000000 /dev/zero; ${shorten}`;
    const { answer, ended, heard, say } = await play([preprocess(script), carry(port)]);
    await until(() => heard.some(({ kind }) => kind === kinds.ENDED), 'the text is there');
    box.write('go', '');
    expect(await answer()).toMatchObject({ step: 'given up', error: 5 });
    say(encodeExit(exited(0)));
    await ended;
  });

  it('goes on when the agent says that it lives', async () => {
    const { port } = host(4 + 12 + 4, (socket) => setTimeout(() => socket.write(response), 100));
    const { answer, ended, say } = await play([preprocess('printf text'), carry(await port), encodeFrame(kinds.PONG)]);
    expect((await answer()).step).toBe('done');
    say(encodeExit(exited(0)));
    await ended;
  });

  it('sends the text of the last preprocessor, whatever the agent has asked a program since', async () => {
    const { port, came } = host(4 + 12 + 4, (socket) => socket.write(response));
    const asked = { number: 1, argv: ['sh', '-c', 'echo found; echo remark >&2'], changes: [] };
    const { answer, ended, heard, say } = await play([
      preprocess('printf text; echo said >&2'),
      encodeCommand('PROBE', asked),
      encodeSendText('found'),
      encodeSendText('remarks'),
      carry(await port),
    ]);
    expect((await answer()).step).toBe('done');
    expect(came().toString()).toBe('headDOTI00000004text');
    const texts = heard.filter(({ kind }) => kind === kinds.TEXT).map(({ content }) => content.toString());
    expect(texts).toEqual(['found\n', '', 'remark\n', '']);
    say(Buffer.concat([encodeFrame(kinds.SHOW), encodeExit(exited(0))]));
    expect((await ended).stderr).toBe('said\n');
  });

  it('sends what the agent makes of the text, when that comes', async () => {
    const { port, came } = host(4 + 12 + 6, (socket) => socket.write(response));
    const { answer, ended, heard, say } = await play([
      preprocess('printf text'),
      carry(await port, { body: 'kept' }),
      encodeSendText('text'),
    ]);
    await until(() => heard.some(({ kind }) => kind === kinds.TEXT), 'the text comes');
    expect(heard.find(({ kind }) => kind === kinds.TEXT)?.content.toString()).toBe('text');
    await until(() => came().length === 4, 'the head is there');
    say(encodeKeep(Buffer.from('packed')));
    expect((await answer()).step).toBe('done');
    expect(came().toString()).toBe('headDOTI00000006packed');
    say(encodeExit(exited(0)));
    await ended;
  });

  it('skips what the agent has made of the text for a connection that has ended', async () => {
    const dead = await listen(0, () => {});
    hosts.servers.at(-1)?.close();
    const { port, came } = host(4 + 12 + 6, (socket) => socket.write(response));
    const { answer, ended, heard, say } = await play([
      preprocess('printf text'),
      carry(dead, { body: 'kept' }),
      encodeKeep(Buffer.from('first')),
    ]);
    expect(await answer()).toMatchObject({ step: 'connecting', error: 111 });
    say(Buffer.concat([carry(await port, { body: 'kept' }), encodeKeep(Buffer.from('second'))]));
    await until(() => heard.filter(({ kind }) => kind === kinds.ANSWER).length === 2, 'the second one has ended');
    expect(came().toString()).toBe('headDOTI00000006second');
    say(encodeExit(exited(0)));
    await ended;
  });

  it('gives the connection up for another task while it waits for a body', async () => {
    const { port } = host(Infinity, () => {});
    const run = encodeCommand('RUN', { number: 1, argv: ['sh', '-c', 'exit 3'], changes: [] });
    const { answer, ended, say } = await play([preprocess('printf text'), carry(await port, { body: 'kept' }), run]);
    expect((await answer()).step).toBe('given up');
    say(encodeExit(exited(3)));
    expect((await ended).status).toBe(3);
  });

  it('goes on to the next address, and tells which one it was', async () => {
    const { port } = host(4 + 12 + 4, (socket) => socket.write(response));
    const addresses = ['127.0.0.9', '127.0.0.1', '127.0.0.8'];
    const way = { kind: 'tcp', addresses, port: await port } as const;
    const { answer, ended, say } = await play([preprocess('printf text'), carry(0, { way })]);
    expect(await answer()).toMatchObject({ step: 'done', address: 1 });
    say(encodeExit(exited(0)));
    await ended;
  });

  it.skipIf(!needs('python3', 'python3'))(
    'does not wait long for an address that never answers while another one is left',
    async () => {
      const { port } = host(4 + 12 + 4, (socket) => socket.write(response));
      const silent = spawn('python3', ['-c', silentListener, String(await port)]);
      processes.push(silent);
      await once(silent.stdout, 'data');
      const way = { kind: 'tcp', addresses: ['127.0.0.7', '127.0.0.1'], port: await port } as const;
      const { answer, ended, say } = await play([preprocess('printf text'), carry(0, { way, connectMs: 60_000 })]);
      expect(await answer()).toMatchObject({ step: 'done', address: 1 });
      say(encodeExit(exited(0)));
      await ended;
    },
  );

  it('reaches an address that holds for one interface', async () => {
    const server = createServer((socket) => {
      hosts.sockets.push(socket);
      // The client closes as soon as it has the answer.
      socket.on('error', () => {});
      socket.on('data', () => socket.write(response));
    });
    hosts.servers.push(server);
    server.listen(0, '::1');
    await once(server, 'listening');
    const way = { kind: 'tcp', addresses: ['::1%lo'], port: (server.address() as AddressInfo).port } as const;
    const { answer, ended, say } = await play([preprocess('printf text'), carry(0, { way })]);
    expect((await answer()).step).toBe('done');
    say(encodeExit(exited(0)));
    await ended;
  });

  it('gives the connection up for another task', async () => {
    const { port } = host(Infinity, () => {});
    const { answer, ended, heard, say } = await play([preprocess('printf text'), carry(await port)]);
    await until(() => heard.some(({ kind }) => kind === kinds.ENDED), 'the text is there');
    say(encodeCommand('RUN', { number: 1, argv: ['sh', '-c', 'exit 3'], changes: [] }));
    expect((await answer()).step).toBe('given up');
    await until(() => heard.filter(({ kind }) => kind === kinds.ENDED).length === 2, 'it has run');
    say(encodeExit(exited(3)));
    expect((await ended).status).toBe(3);
  });

  it('dies at once when it is interrupted during the exchange', async () => {
    const { port, came } = host(Infinity, () => {});
    const { ended, child } = await play([preprocess('printf text'), carry(await port)]);
    await until(() => came().length === 20, 'the request is there');
    child.kill('SIGTERM');
    expect((await ended).signal).toBe('SIGTERM');
  });
});
