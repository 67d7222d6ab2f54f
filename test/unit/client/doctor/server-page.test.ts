import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { askPage } from '../../../../src/client/doctor/server-page.ts';
import { freePort } from '../../../../scripts/free-port.mjs';

const page = 'argv /distccd\n<distccstats>\ndcc_tcp_accept 3\ndcc_max_kids 6\ndcc_load1 1.25\n</distccstats>\n';

async function asked(text: string) {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(text)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = server.address();
  const found = await askPage('127.0.0.1', typeof place === 'object' ? (place?.port ?? 0) : 0);
  server.close();
  return found;
}

describe('askPage()', () => {
  it("reads slots and load from a server's page", async () => {
    expect(await asked(`HTTP/1.1 200 OK\nContent-Type: text/plain\n\n${page}`)).toEqual({ slots: 6, load: 1.25 });
    expect(await asked(page.replace('dcc_load1', 'dcc_load9'))).toEqual({ slots: 6, load: undefined });
  });

  it.each(['', 'HTTP/1.1 404 Not Found\r\n\r\n', page.replace('dcc_max_kids 6', 'dcc_max_kids six')])(
    'is undefined for %j',
    async (text) => {
      expect(await asked(text)).toBeUndefined();
    },
  );

  it('is undefined where nobody listens', async () => {
    expect(await askPage('127.0.0.1', await freePort())).toBeUndefined();
  });
});
