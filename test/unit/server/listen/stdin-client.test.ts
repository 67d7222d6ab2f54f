import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readDaemonOptions } from '../../../../src/config/read-daemon-options.ts';
import { parseAccessList } from '../../../../src/server/policy/access-list.ts';
import { StreamPair } from '../../../../src/server/connection/client-stream.ts';
import type { ClientStream } from '../../../../src/server/connection/client-stream.ts';
import { identifyClient } from '../../../../src/server/listen/stdin-client.ts';

function identify(stream: ClientStream, words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const reading = readDaemonOptions(words);
  if ('print' in reading) throw new Error(reading.print);
  const { options } = reading;
  const access = parseAccessList({
    entries: options.allow,
    allowPrivate: options['allow-private'],
    readFile: () => '',
  });
  return identifyClient(stream, { options, access, environment });
}

const pipes = (): ClientStream => new StreamPair(new PassThrough(), new PassThrough());

describe('identifyClient()', () => {
  it('lets a pipe in whatever the list says, as whoever made it started us', () => {
    expect(identify(pipes(), ['--allow', '10.0.0.0/8'])).toEqual({
      address: 'NOTSOCKET',
      name: 'NOTSOCKET',
      admitted: true,
    });
  });

  it('lets a Unix socket in only where there is no list', () => {
    expect(identify(new Socket(), [])).toMatchObject({ name: 'UNIX-DOMAIN ', admitted: true });
    expect(identify(new Socket(), ['--allow', '::/0'])).toMatchObject({ admitted: false });
    expect(identify(new Socket(), ['--allow-private'])).toMatchObject({ admitted: false });
  });

  it.each([
    [{ SSH_CONNECTION: '192.0.2.7 50000 192.0.2.1 22' }, '192.0.2.7:50000'],
    [{ REMOTE_ADDR: '2001:db8::7', REMOTE_PORT: '5' }, '[2001:db8::7]:5'],
    [{ TCPREMOTEIP: '192.0.2.7', TCPREMOTEPORT: '80' }, '192.0.2.7:80'],
    [{ REMOTE_HOST: '::ffff:192.0.2.7' }, '192.0.2.7:0'],
    [{ REMOTE_HOST: 'host.example', TCPREMOTEIP: '192.0.2.9', TCPREMOTEPORT: 'x\ny' }, '192.0.2.9:0'],
    [{ REMOTE_HOST: 'host.example' }, 'NOTSOCKET'],
  ])('takes the address from %j', (environment, name) => {
    expect(identify(pipes(), [], environment)).toMatchObject({ name, admitted: true });
  });

  it('holds an address that the starter named against --allow', () => {
    const environment = { SSH_CONNECTION: '192.0.2.7 50000 192.0.2.1 22' };
    expect(identify(pipes(), ['--allow', '192.0.2.0/24'], environment).admitted).toBe(true);
    expect(identify(pipes(), ['--allow', '10.0.0.0/8'], environment).admitted).toBe(false);
  });

  it("believes the network's own word for a socket, and no variable", async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const ours = new Socket();
    ours.connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    await once(ours, 'connect');
    const lie = { REMOTE_HOST: '10.0.0.1' };
    expect(identify(ours, ['--allow', '10.0.0.0/8'], lie)).toMatchObject({ address: '127.0.0.1', admitted: false });
    expect(identify(ours, [], lie)).toMatchObject({ admitted: true });
    ours.destroy();
    server.close();
  });
});
