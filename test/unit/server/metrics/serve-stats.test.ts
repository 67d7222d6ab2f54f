import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readDaemonOptions } from '../../../../src/config/read-daemon-options.ts';
import { ResultKeeper } from '../../../../src/server/results/result-keeper.ts';
import type { TreesFound } from '../../../../src/server/start/open-trees.ts';
import { JobBoard } from '../../../../src/server/job/job-board.ts';
import { JobStatistics } from '../../../../src/server/job/job-statistics.ts';
import { bindStats, openStats, serveStats } from '../../../../src/server/metrics/serve-stats.ts';
import { parseAccessList } from '../../../../src/server/policy/access-list.ts';
import { posix } from '../../../../src/system/posix.ts';
import { counted } from '../../../support/counted-service.ts';
import { freePort } from '../../../../scripts/free-port.mjs';

const offer = { tree: true, codecs: [], results: false, later: false };

/** What the disks have read and written, where a test says so. */
let sectors: number | undefined;
vi.mock(import('../../../../src/system/machine/machine-load.ts'), async (original) => {
  const real = await original();
  return { ...real, diskSectors: () => sectors ?? real.diskSectors() };
});

let server: Server;
let ownFiles: TreesFound = { kind: 'lacking', lacks: '--no-tree' };
let asked: string[];
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  sectors = undefined;
  server.close();
});

/** Serves the page to clients that all come from one address: this machine has no way to come from elsewhere. */
async function serveTo(address: string | undefined, allowed = '192.0.2.1'): Promise<number> {
  asked = [];
  server = createServer();
  server.on('connection', (socket: Socket) => Object.defineProperty(socket, 'remoteAddress', { value: address }));
  const list = parseAccessList({ entries: [allowed], allowPrivate: false, readFile: () => '' });
  const access = () => ({
    ...list,
    admits: (client: string): boolean => {
      asked.push(client);
      return list.admits(client);
    },
  });
  serveStats([server], { service: counted({ ownFiles }), readers: access });
  server.listen(0, '127.0.0.1').ref();
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** All that a client gets, after it has said something or nothing. */
async function get(port: number, question = 'GET / HTTP/1.0\r\n\r\n'): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => {});
  if (question !== '') socket.write(question);
  await once(socket, 'close');
  return text;
}

const head = 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nargv /distccd\n<distccstats>\n';

const noReaders = () => parseAccessList({ entries: ['192.0.2.1'], allowPrivate: false, readFile: () => '' });

const unused = (): never => {
  throw new Error('nobody asks for that');
};

describe('serveStats()', () => {
  it.each(['192.0.2.2', '::ffff:192.0.2.2', '2001:db8::1', '12.7.0.1', '::2', '', undefined])(
    'tells a stranger nothing: %s',
    async (address) => {
      const port = await serveTo(address);
      expect(await get(port)).toBe('');
      expect(asked).toHaveLength(1);
    },
  );

  it.each(['192.0.2.1', '::ffff:192.0.2.1'])('answers whom the access list admits: %s', async (address) => {
    const port = await serveTo(address);
    const page = await get(port);
    expect(page.startsWith(head)).toBe(true);
    expect(page).toMatch(/\ndcc_free_mem \d+ MB\n<\/distccstats>\n$/);
    expect(page).toContain('\ndcc_max_kids 7\n');
  });

  it.each(['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1'])(
    'answers this machine, whatever the list: %s',
    async (address) => {
      expect((await get(await serveTo(address))).startsWith(head)).toBe(true);
      expect(asked).toEqual([]);
    },
  );

  it('has what became of kept results at its end, where some are kept', async () => {
    const keeper = new ResultKeeper({ get: () => Promise.resolve(undefined), put: () => Promise.resolve(true) });
    Object.assign(keeper.counts, { hits: 3, misses: 4, kept: 2 });
    const results = { keeper, size: () => ({ bytes: 8193, results: 5 }), says: '', close: () => {} };
    const service = { sessions: unused, roots: unused, environment: unused, offer, results: keeper };
    ownFiles = { kind: 'offered', service, results, remove: () => Promise.resolve(), says: '' };
    const page = await get(await serveTo('127.0.0.1'));
    ownFiles = { kind: 'lacking', lacks: '--no-tree' };
    expect(page).toContain(
      ' MB\ndcc_result_hits 3\ndcc_result_misses 4\ndcc_results_stored 2\ndcc_results_kept 5\ndcc_results_size 9 kB\n</distccstats>\n',
    );
  });

  it('has no lines of kept results where none are kept', async () => {
    const service = { sessions: unused, roots: unused, environment: unused, offer };
    ownFiles = { kind: 'offered', service, results: undefined, remove: () => Promise.resolve(), says: '' };
    const page = await get(await serveTo('127.0.0.1'));
    ownFiles = { kind: 'lacking', lacks: '--no-tree' };
    expect(page).toMatch(/\ndcc_free_mem \d+ MB\n<\/distccstats>\n$/);
  });

  it('answers a client that asks nothing, once', async () => {
    const page = await get(await serveTo('127.0.0.1'), '');
    expect(page.startsWith(head)).toBe(true);
    expect(page.split('<distccstats>')).toHaveLength(2);
  });

  it('answers a client that asks twice only once', async () => {
    const page = await get(await serveTo('127.0.0.1'), 'GET / HTTP/1.0\r\n'.repeat(10_000));
    expect(page.split('<distccstats>').length).toBeLessThanOrEqual(2);
  });
});

/** The head and the body of an answer. */
function parts(answer: string): { readonly head: string; readonly body: string } {
  const end = answer.indexOf('\r\n\r\n');
  return { head: answer.slice(0, end), body: answer.slice(end + 4) };
}

describe('serveStats() and its own pages', () => {
  const ask = (path: string, host = '127.0.0.1:3633'): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

  it.each([
    ['/metrics', 'text/plain; version=0.0.4; charset=utf-8', /^# HELP distccd_build_info /],
    ['/status.json', 'application/json; charset=utf-8', /^\{.*\}\n$/],
    ['/status', 'text/html; charset=utf-8', /^<!DOCTYPE html>\n[^]*<\/html>\n$/],
  ])('answers who asks for %s, with all that a browser must know', async (path, type, body) => {
    const port = await serveTo('127.0.0.1');
    const answer = parts(await get(port, ask(path)));
    expect(answer.head.split('\r\n')).toEqual([
      'HTTP/1.1 200 OK',
      `Content-Type: ${type}`,
      `Content-Length: ${Buffer.byteLength(answer.body)}`,
      'Connection: close',
      'Cache-Control: no-store',
      expect.stringMatching(
        /^Content-Security-Policy: default-src 'none'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
      ),
      'Cross-Origin-Resource-Policy: same-origin',
      'Referrer-Policy: no-referrer',
      'X-Content-Type-Options: nosniff',
    ]);
    expect(answer.body).toMatch(body);
  });

  it.each(['/', '/metrics/', '/metrics?a=b', '/status.jsonx', '/favicon.ico'])(
    'answers %s with the page of distcc, byte for byte',
    async (path) => {
      const port = await serveTo('127.0.0.1');
      const usual = await get(port, '');
      expect(usual.startsWith(head)).toBe(true);
      // A page is good for a second.
      vi.spyOn(performance, 'now').mockReturnValue(performance.now());
      const again = await get(port, 'x');
      expect(await get(port, ask(path))).toBe(again);
      for (const method of ['HEAD', 'POST']) expect(await get(port, ask(path).replace('GET', method))).toBe(again);
      expect(await get(port, 'PUT /metrics HTTP/1.1\r\n\r\n')).toBe(again);
    },
  );

  it.each(['/metrics', '/status.json', '/status'])('answers HEAD for %s with the head of GET alone', async (path) => {
    const port = await serveTo('127.0.0.1');
    // A page is good for a second.
    vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    const whole = await get(port, ask(path));
    expect(await get(port, ask(path).replace('GET', 'HEAD'))).toBe(`${parts(whole).head}\r\n\r\n`);
    const cut = await get(port, `HEAD ${path} HTTP/1.1\r\n`);
    expect(cut).toMatch(/^HTTP\/1\.1 408 [^]*\r\n\r\n$/);
  });

  it.each(['/metrics', '/status.json', '/status'])('refuses POST for %s, and says what is allowed', async (path) => {
    const port = await serveTo('127.0.0.1');
    const body = 'a=b';
    const answer = await get(port, `POST ${path} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(answer).toMatch(
      /^HTTP\/1\.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n[^]*\r\n\r\ndistccd: this page can only be read\n$/,
    );
  });

  it('waits for a question that comes in pieces', async () => {
    const port = await serveTo('127.0.0.1');
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const closed = once(socket, 'close');
    for (const piece of ['GET /me', 'trics HTTP/1.', '1\r\nHost: a\r', '\n\r\n']) {
      socket.write(piece);
      await new Promise((next) => setTimeout(next, 20));
    }
    await closed;
    expect(parts(text).body).toMatch(/^# HELP /);
  });

  it('says what is wrong with a question that is too long, or does not end', async () => {
    const port = await serveTo('127.0.0.1');
    const long = await get(port, `GET /metrics HTTP/1.1\r\nA: ${'a'.repeat(9000)}\r\n\r\n`);
    expect(long).toMatch(/^HTTP\/1\.1 431 [^]*\r\n\r\ndistccd: a question may have 8192 bytes\n$/);
    const cut = await get(port, 'GET /metrics HTTP/1.1\r\n');
    expect(cut).toMatch(/^HTTP\/1\.1 408 [^]*\r\n\r\ndistccd: the question did not come within a second\n$/);
    expect((await get(port, 'GET /metri')).startsWith(head)).toBe(true);
  });

  it('names no client to a web page that calls this machine by a name of its own', async () => {
    const port = await serveTo('127.0.0.1');
    for (const path of ['/status', '/status.json']) {
      expect(await get(port, ask(path, 'evil.example'))).toMatch(
        /^HTTP\/1\.1 421 [^]*distccd: this page is not served under that name, which may be another's: use the address of this machine, or its name, \S+\n$/,
      );
    }
    expect(parts(await get(port, ask('/metrics', 'build.example'))).body).toMatch(/^# HELP /);
  });

  it('tells a stranger nothing, and whom --stats-allow admits as much as this machine', async () => {
    expect(await get(await serveTo('192.0.2.2'), ask('/metrics'))).toBe('');
    server.close();
    expect(await get(await serveTo('192.0.2.2', '192.0.2.0/24'), ask('/metrics'))).toContain(' 200 OK');
  });

  it('makes each page at most once a second, and looks for compilers once in ten', async () => {
    let now = 1000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const served = vi.fn(() => []);
    const board = new JobBoard();
    const clients = vi.spyOn(board, 'clients', 'get');
    await serveTo('127.0.0.1');
    server.removeAllListeners('connection');
    serveStats([server], { service: counted({ served, board }), readers: noReaders });
    const { port } = server.address() as AddressInfo;
    const looks = async (at: number): Promise<readonly [number, number]> => {
      now = at;
      for (const path of ['/metrics', '/status', '/status.json']) await get(port, ask(path));
      return [clients.mock.calls.length, served.mock.calls.length];
    };
    expect([await looks(1999), await looks(2000), await looks(2999), await looks(10_999), await looks(11_000)]).toEqual(
      [
        // Once for the start, once for Prometheus, once for both pages for people.
        [3, 1],
        [3, 1],
        [5, 1],
        [7, 1],
        [7, 1],
      ],
    );
    expect(await looks(12_000)).toEqual([9, 2]);
  });

  it('goes on when the list of compilers cannot be read', async () => {
    const served = (): never => {
      throw new Error('gone');
    };
    await serveTo('127.0.0.1');
    server.removeAllListeners('connection');
    serveStats([server], { service: counted({ served }), readers: noReaders });
    const { port } = server.address() as AddressInfo;
    expect(JSON.parse(parts(await get(port, ask('/status.json'))).body)).toMatchObject({ compilers: [] });
  });
});

/** A client of which every step is seen, and that never reads unless it is told to. */
class Reader extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly limits: [milliseconds: number, act: () => void][] = [];
  page = '';
  reads = true;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.page += chunk.toString();
    if (this.reads) done();
  }

  setTimeout(milliseconds: number, act: () => void): this {
    this.limits.push([milliseconds, act]);
    return this;
  }

  unref(): this {
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }
}

describe('serveStats() and one client', () => {
  const pages = ({ page }: Reader): number => page.split('<distccstats>').length - 1;

  async function visit(reader = new Reader()): Promise<Reader> {
    await serveTo('127.0.0.1');
    server.removeAllListeners('connection');
    const access = () => parseAccessList({ entries: [], allowPrivate: false, readFile: () => '' });
    serveStats([server], { service: counted({ ownFiles }), readers: access });
    server.emit('connection', reader);
    return reader;
  }

  it('waits a second for a question, and then closes', async () => {
    const reader = await visit();
    const [[patience, act] = [0, () => {}]] = reader.limits;
    expect([reader.page, patience]).toEqual(['', 1000]);
    act();
    await vi.waitFor(() => expect(reader.destroyed).toBe(true));
    expect(pages(reader)).toBe(1);
    act();
    expect(pages(reader)).toBe(1);
  });

  it('has a client that writes and reads by the byte go after a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const writer = await visit();
    const reader = new Reader();
    reader.reads = false;
    server.emit('connection', reader);
    reader.push('x');
    for (const letter of 'GET /metrics HTTP/1.1') writer.push(letter);
    vi.advanceTimersByTime(59_999);
    expect([writer.destroyed, reader.destroyed]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([writer.destroyed, reader.destroyed]).toEqual([true, true]);
  });

  it('keeps no time for a client that has gone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const reader = await visit();
    expect(vi.getTimerCount()).toBe(1);
    reader.destroy();
    await once(reader, 'close');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers a client that ends without a question', async () => {
    const reader = await visit();
    reader.push(null);
    await vi.waitFor(() => expect(pages(reader)).toBe(1));
  });

  it('cuts off a client that does not read, and writes the page once, whatever happens meanwhile', async () => {
    const reader = new Reader();
    reader.reads = false;
    await visit(reader);
    reader.push('GET / HTTP/1.0\r\n');
    await vi.waitFor(() => expect(pages(reader)).toBe(1));
    reader.limits[0]?.[1]();
    reader.push(null);
    expect(reader.limits.map(([milliseconds]) => milliseconds)).toEqual([1000, 10_000]);
    expect(reader.destroyed).toBe(false);
    reader.limits[1]?.[1]();
    expect([reader.destroyed, pages(reader)]).toEqual([true, 1]);
  });

  it('lets a connection that fails go, and the socket too', async () => {
    const reader = await visit();
    reader.emit('error', new Error('reset'));
    expect(reader.destroyed).toBe(true);
    server.emit('error', new Error('too many files'));
    const other = new Reader();
    server.emit('connection', other);
    other.push('GET / HTTP/1.0\r\n');
    await vi.waitFor(() => expect(pages(other)).toBe(1));
  });
});

describe('the page', () => {
  it('has the lines of distcc, in its order', async () => {
    const page = await get(await serveTo('127.0.0.1'));
    const names = [...page.matchAll(/^(dcc_\w+) (.*)$/gm)].map(([, name]) => name);
    expect(names.slice(names.indexOf('dcc_max_kids'))).toEqual([
      'dcc_max_kids',
      ...['1', '2', '3'].map((number) => `dcc_avg_kids${number}`),
      'dcc_current_load',
      ...['1', '2', '3'].map((number) => `dcc_load${number}`),
      ...['1', '2', '3'].map((number) => `dcc_num_compiles${number}`),
      ...['num_procstate_D', 'max_RSS', 'max_RSS_name', 'io_rate', 'free_space', 'free_mem'].map((n) => `dcc_${n}`),
    ]);
    expect(page).toMatch(/\ndcc_max_RSS_name \S.*\ndcc_io_rate -1\ndcc_free_space \d+ MB\n/);
    // As many MB as a machine can have, and no bytes.
    const [, free] = /\ndcc_free_mem (\d+) MB/.exec(page) ?? [];
    expect(Number(free)).toBeLessThan(100_000_000);
  });

  it('is good for a second, and measures the disks once in 50', async () => {
    let now = 1000;
    sectors = 5000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const lines = vi.spyOn(JobStatistics.prototype, 'lines');
    const port = await serveTo('127.0.0.1');
    const made = async (at: number): Promise<readonly [number, string | undefined]> => {
      now = at;
      const page = await get(port);
      return [lines.mock.calls.length, /\ndcc_io_rate (.*)\n/.exec(page)?.[1]];
    };
    expect([await made(1000), await made(1999), await made(2000), await made(49_000), await made(50_000)]).toEqual([
      [1, '-1'],
      [1, '-1'],
      [2, '-1'],
      [3, '-1'],
      [4, '-1'],
    ]);
    // Sectors a second since the last look.
    sectors = 5000 + 7 * 50;
    expect(await made(51_000)).toEqual([5, '7']);
    sectors += 9 * 100;
    expect([await made(100_000), await made(151_000)]).toEqual([
      [6, '7'],
      [7, '9'],
    ]);
  });
});

describe('bindStats() and openStats()', () => {
  let opened: readonly Server[] = [];
  afterEach(() => {
    for (const one of opened) one.close();
    opened = [];
  });

  function options(...words: string[]) {
    const reading = readDaemonOptions(['--daemon', '--allow', '127.0.0.1', ...words]);
    if (!('options' in reading)) throw new Error('no options');
    return reading.options;
  }
  const addresses = (): unknown[] => opened.map((one) => (one.address() as AddressInfo).address);

  it('listen for this machine alone, at the port that was chosen', async () => {
    const port = await freePort();
    opened = await bindStats(options('--stats', '--stats-port', String(port)));
    const local = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
    const hasIPv6 = local.some(({ address }) => address === '::1');
    expect(addresses()).toEqual(hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']);
    for (const one of opened) expect((one.address() as AddressInfo).port).toBe(port);
  });

  it('listen where they are told, and nowhere else', async () => {
    const port = String(await freePort());
    opened = await bindStats(options('--stats', '--stats-port', port, '--stats-listen', '127.0.0.2'));
    expect(addresses()).toEqual(['127.0.0.2']);
  });

  it.each([
    ['127.0.0.1', 'another program listens there: stop it, or choose another port with --stats-port'],
    ['192.0.2.1', 'this machine has no such address: choose another with --stats-listen'],
  ])('name their own options when they cannot listen on %s', async (address, sentence) => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const failing = bindStats(options('--stats', '--stats-port', String(port), '--stats-listen', address));
    await expect(failing).rejects.toMatchObject({
      status: 102,
      message: `cannot listen on ${address}:${port}: ${sentence}`,
      cause: { name: 'Failure' },
    });
  });

  it('listen nowhere without --stats, else as told', async () => {
    const port = String(await freePort());
    expect(await openStats(options('--stats-port', port), [])).toEqual([]);
    opened = await openStats(options('--stats', '--stats-port', port), []);
    expect(addresses()).toContain('127.0.0.1');
  });

  it.skipIf(posix.dup === undefined)('take the socket of the service manager, and no other', async () => {
    server = createServer().listen(0, '127.0.0.3');
    await once(server, 'listening');
    const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
    const descriptor = posix.dup?.(fd) ?? -1;
    opened = await openStats(options('--stats', '--stats-port', String(await freePort())), [
      { descriptor, name: 'stats' },
    ]);
    expect(addresses()).toEqual(['127.0.0.3']);
  });
});
