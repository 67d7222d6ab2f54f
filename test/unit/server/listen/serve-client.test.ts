import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientStream } from '../../../../src/server/connection/client-stream.ts';
import type { Service } from '../../../../src/server/connection/service.ts';
import { localClient, networkClient, serveClient } from '../../../../src/server/listen/serve-client.ts';
import { parseAccessList } from '../../../../src/server/policy/access-list.ts';
import { connectPair } from '../../../support/socket-pair.ts';
import { serviceParts } from '../../../support/service.ts';
import type { ServiceParts } from '../../../support/service.ts';
import { encodeRequest } from '../../../../src/wire/request.ts';

const argv = ['gcc', '-c', 'a.c', '-o', 'a.o'];
const request = Buffer.concat(encodeRequest({ version: 1, argv, source: Buffer.from('int x;\n') }));

/** A client that says something and leaves, or waits for the answer. */
class Client extends Duplex implements ClientStream {
  sent = '';

  constructor(says: Buffer, leaves = false) {
    super({ allowHalfOpen: true });
    this.push(says);
    if (leaves) this.push(null);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.sent += chunk.toString('latin1');
    done();
  }

  setTimeout(): this {
    return this;
  }
}

const never = new AbortController().signal;
const stopping = { drain: never, kill: never };
let parts: ServiceParts;
afterEach(() => parts.remove());

function prepare(change: Partial<Service> = {}): Service {
  const spawn = () => ({ pid: 1, ended: Promise.resolve(0), signal: () => {} });
  parts = serviceParts({ spawn, ...change });
  return parts.service;
}

const someone = { address: '192.0.2.7', name: '192.0.2.7:4711', admitted: true };
const log = (): string => parts.lines.join('\n');
const counts = ({ statistics }: Service): string => statistics.lines(1, [], Date.now()).join('\n');

describe('serveClient()', () => {
  it('serves a client, closes its connection, and counts its job and tells of it', async () => {
    const service = prepare();
    const client = new Client(request);
    expect(await serveClient(client, someone, service, stopping)).toBe(0);
    expect(client.sent).toMatch(/^DONE00000001STAT00000000/);
    expect(client.destroyed).toBe(true);
    expect(log()).toMatch(/client: 192\.0\.2\.7:4711 COMPILE_OK exit:0 sig:0 core:0 ret:0 time:\d+ms gcc a\.c$/m);
    expect(counts(service)).toContain('dcc_tcp_accept 1\n');
    expect(counts(service)).toContain('dcc_compile_ok 1\n');
  });

  it('serves nobody whom the access list denies: not a byte, and no job', async () => {
    const service = prepare();
    const client = new Client(request);
    expect(await serveClient(client, { ...someone, admitted: false }, service, stopping)).toBe(113);
    expect([client.sent, client.destroyed]).toEqual(['', true]);
    expect(log()).toMatch(/ERROR: connection from client '192\.0\.2\.7:4711' denied by access list$/);
    expect(counts(service)).toContain('dcc_tcp_accept 1\n');
    expect(counts(service)).toContain('dcc_compile_ok 0\n');
  });

  it('tells of a client without a job, and hardly of one that only looks', async () => {
    const service = prepare();
    expect(await serveClient(new Client(Buffer.from('DIST'), true), someone, service, stopping)).toBe(108);
    expect(log()).toMatch(/client: 192\.0\.2\.7:4711 OTHER exit:0 sig:0 core:0 ret:108/);
    const before = parts.lines.length;
    expect(await serveClient(new Client(Buffer.alloc(0), true), someone, service, stopping)).toBe(108);
    expect(parts.lines.slice(before).join('\n')).toMatch(/192\.0\.2\.7:4711 connected and closed without a job$/);
    expect(counts(service)).toContain('dcc_tcp_accept 2\n');
  });

  it('outlives a conversation that fails', async () => {
    const service = prepare();
    vi.spyOn(service.budget, 'open').mockImplementation(() => {
      throw new TypeError('a fault of ours');
    });
    const client = new Client(request);
    expect(await serveClient(client, someone, service, stopping)).toBe(100);
    expect(client.destroyed).toBe(true);
    expect(log()).toContain('lost the job of 192.0.2.7:4711: TypeError: a fault of ours');
    expect(counts(service)).toContain('dcc_other 1\n');
  });
});

describe('a client', () => {
  const list = parseAccessList({ entries: ['192.0.2.7'], allowPrivate: false, readFile: () => '' });
  const socketOf = (remoteAddress: string | undefined, remotePort?: number): Socket =>
    ({ remoteAddress, remotePort }) as Socket;

  it.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.7:4711', true],
    ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.7:4711', true],
    ['192.0.2.8', '192.0.2.8', '192.0.2.8:4711', false],
    ['2001:db8::1', '2001:db8::1', '[2001:db8::1]:4711', false],
  ])('of the network is judged, counted and called by its address: %s', (remote, address, name, admitted) => {
    prepare();
    expect(networkClient(socketOf(remote, 4711), { access: () => list })).toEqual({ address, name, admitted });
  });

  it('that is gone before it is served is nobody, and not admitted', () => {
    prepare();
    expect(networkClient(socketOf(undefined), { access: () => list })).toMatchObject({ address: '', admitted: false });
  });

  it('of this machine is its user', async () => {
    prepare();
    const pair = await connectPair({});
    const user = process.platform === 'linux' ? `uid ${process.getuid?.()}` : 'this machine';
    expect(localClient(pair.called)).toEqual({ address: user, name: user, admitted: true });
    pair.remove();
    expect(localClient(pair.called)).toMatchObject({ address: 'this machine' });
  });
});
