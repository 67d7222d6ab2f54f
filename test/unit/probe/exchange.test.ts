import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, exchange, isClosedUnasked } from '../../../src/probe/exchange.ts';
import { NoAnswer } from '../../../src/probe/no-answer.ts';
import type { Grammar } from '../../../src/wire/reading/decoder.ts';
import { readToken } from '../../../src/wire/token.ts';
import { freePort } from '../../../scripts/free-port.mjs';

const hour = 3_600_000;
const request = [Buffer.from('hello')];

/** Reads more than any answer has. */
function* readMuch(): Grammar<number> {
  return (yield { exactly: 2 ** 30 }).length;
}

describe('a conversation with a server', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  /** A line to a server that treats its clients like this. */
  async function lineTo(serve: (socket: Socket) => void) {
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      serve(socket);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const place = server.address();
    const socket = await connectTo('127.0.0.1', typeof place === 'object' ? (place?.port ?? 0) : 0, hour);
    sockets.push(socket);
    return { from: socket, to: socket };
  }

  const ask = async (serve: (socket: Socket) => void, ms = hour, reader = readToken('DONE', 99)) => {
    const line = await lineTo(serve);
    const answer = exchange(line, { request, answer: reader }, { ms, what: 'asking' });
    return answer.catch((error: unknown) => {
      if (error instanceof NoAnswer) return error;
      throw error;
    });
  };

  it('gives the answer when the server has closed', async () => {
    expect(await ask((socket) => socket.once('data', () => socket.end('DONE00000007')))).toBe(7);
  });

  it.each([
    ['closed', 'closed while asking', '', (socket: Socket) => socket.once('data', () => socket.end())],
    ['closed', 'closed while asking', 'DONE0', (socket: Socket) => socket.once('data', () => socket.end('DONE0'))],
    ['garbled', /^asking failed: .*"SSH-/, 'SSH-2.0-OpenSSH', (socket: Socket) => socket.write('SSH-2.0-OpenSSH')],
    [
      'failed',
      'asking failed: Connection reset by peer',
      '',
      (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()),
    ],
  ])('tells that it was %s: %s', async (kind, sentence, came, serve) => {
    const error = await ask(serve);
    expect(error).toMatchObject({ kind, message: expect.stringMatching(sentence) as unknown });
    expect(error instanceof NoAnswer && error.came.toString()).toBe(came);
  });

  it('does not take more than an answer can have', async () => {
    const error = await ask((socket) => socket.write(Buffer.alloc(300 * 1024)), hour, readMuch());
    expect(error).toMatchObject({ kind: 'garbled', message: 'asking failed: the answer goes on after 262144 bytes' });
  });

  it('tells that no answer came in time', async () => {
    expect(await ask(() => {}, 50)).toMatchObject({ kind: 'late', message: 'timed out while asking' });
  });

  it('tells why there is no connection', async () => {
    await expect(connectTo('127.0.0.1', await freePort(), hour)).rejects.toMatchObject({
      kind: 'failed',
      message: 'connecting failed: Connection refused',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('tells whether a server closes before it is asked', async () => {
    expect(await isClosedUnasked(await lineTo((socket) => socket.end()), hour)).toBe(true);
    expect(await isClosedUnasked(await lineTo((socket) => setTimeout(() => socket.resetAndDestroy(), 50)), hour)).toBe(
      true,
    );
    expect(await isClosedUnasked(await lineTo(() => {}), 50)).toBe(false);
  });
});
