import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StreamPair } from '../../../../src/server/connection/client-stream.ts';
import { beginningOf, passOn } from '../../../../src/server/listen/pass-on.ts';

let top: string;
const servers: Server[] = [];
const sockets: Socket[] = [];
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'pass-'));
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  rmSync(top, { recursive: true });
});

/** Both ends of a connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  const path = join(top, String(servers.length));
  servers.push(server);
  server.listen(path);
  await once(server, 'listening');
  const ours = connect({ path, allowHalfOpen: true });
  const [theirs] = (await once(server, 'connection')) as [Socket];
  for (const socket of [ours, theirs]) {
    sockets.push(socket);
    socket.on('error', () => {});
  }
  return [ours, theirs];
}

async function allOf(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await once(socket.resume(), 'end');
  return Buffer.concat(pieces);
}

/** A client, the process between, and a daemon. */
async function chain(): Promise<{ client: Socket; daemon: Socket; done: Promise<void> }> {
  const [client, itsOther] = await pair();
  const [own, daemon] = await pair();
  return { client, daemon, done: passOn(itsOther, own) };
}

describe('passOn()', () => {
  it('moves all bytes, and the end of each direction by itself', async () => {
    const { client, daemon, done } = await chain();
    const request = randomBytes(3_000_000);
    const answer = randomBytes(3_000_000);
    client.end(request);
    expect((await allOf(daemon)).equals(request)).toBe(true);
    daemon.end(answer);
    expect((await allOf(client)).equals(answer)).toBe(true);
    await done;
  });

  it('is done with the end of the answer, while the client still waits', async () => {
    const { client, daemon, done } = await chain();
    client.write('request');
    await once(daemon, 'data');
    daemon.end('answer');
    expect((await allOf(client)).toString()).toBe('answer');
    await done;
  });

  it('gives the whole answer to a client that says more than is read', async () => {
    const { client, daemon, done } = await chain();
    const answer = randomBytes(3_000_000);
    client.write('more');
    // The daemon reads nothing of that.
    daemon.end(answer, () => daemon.destroy());
    expect((await allOf(client)).equals(answer)).toBe(true);
    await done;
  });

  it('gives the whole answer to a client that takes its time, and says more meanwhile', async () => {
    const [own, daemon] = await pair();
    const taken: string[] = [];
    const slow = new Writable({
      write: (chunk: Buffer, _, done) => {
        taken.push(chunk.toString());
        setTimeout(done, 50);
      },
      final: (done) => {
        taken.push('end');
        done();
      },
    });
    const input = new PassThrough();
    const done = passOn(new StreamPair(input, slow), own);
    daemon.end('answer', () => daemon.destroy());
    await once(own, 'end');
    // Nobody reads it any more.
    input.write('more');
    await done;
    expect(taken).toEqual(['answer', 'end']);
  });

  it('tells each side that the other one has gone', async () => {
    const first = await chain();
    first.daemon.destroy();
    await once(first.client.resume(), 'end');
    await first.done;
    const second = await chain();
    second.client.destroy();
    await once(second.daemon.resume(), 'end');
    second.daemon.destroy();
    await second.done;
  });
});

describe('beginningOf()', () => {
  it('leaves the bytes to be read', async () => {
    const [client, other] = await pair();
    client.write('TR');
    setTimeout(() => client.end('EE00000001'), 20);
    expect((await beginningOf(other, 4)).toString()).toBe('TREE');
    expect((await allOf(other)).toString()).toBe('TREE00000001');
  });

  it('does not wait for ever', async () => {
    const [client, other] = await pair();
    expect((await beginningOf(other, 4)).toString()).toBe('');
    client.end('D');
    expect((await beginningOf(other, 4)).toString()).toBe('D');
    const [gone, its] = await pair();
    gone.end();
    expect((await beginningOf(its, 4)).toString()).toBe('');
  });
});
