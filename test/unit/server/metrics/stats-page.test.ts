import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ResultKeeper } from '../../../../src/server/results/result-keeper.ts';
import type { TreesFound } from '../../../../src/server/start/open-trees.ts';
import { JobStatistics } from '../../../../src/server/job/job-statistics.ts';
import { serveStats } from '../../../../src/server/metrics/stats-page.ts';
import { parseAccessList } from '../../../../src/server/policy/access-list.ts';

let server: Server;
let ownFiles: TreesFound = { kind: 'lacking', lacks: '--no-tree' };
let asked: string[];
afterEach(() => server.close());

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
  serveStats([server], { statistics: new JobStatistics(), jobs: 7, access, ownFiles });
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
    const service = { sessions: unused, roots: unused, offer: Buffer.alloc(0), results: keeper };
    ownFiles = { kind: 'offered', service, results, remove: () => {}, says: '' };
    const page = await get(await serveTo('127.0.0.1'));
    ownFiles = { kind: 'lacking', lacks: '--no-tree' };
    expect(page).toContain(
      ' MB\ndcc_result_hits 3\ndcc_result_misses 4\ndcc_results_stored 2\ndcc_results_kept 5\ndcc_results_size 9 kB\n</distccstats>\n',
    );
  });

  it('answers who asks nothing, once', async () => {
    const page = await get(await serveTo('127.0.0.1'), '');
    expect(page.startsWith(head)).toBe(true);
    expect(page.split('<distccstats>')).toHaveLength(2);
  });

  it('answers once who asks twice', async () => {
    const page = await get(await serveTo('127.0.0.1'), 'GET / HTTP/1.0\r\n'.repeat(10_000));
    expect(page.split('<distccstats>').length).toBeLessThanOrEqual(2);
  });
});
