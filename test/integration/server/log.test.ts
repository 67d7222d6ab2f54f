import { afterEach, describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../src/wire/request.ts';
import { startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { connectTo } from '../../support/wire-client.ts';

let daemon: TestDaemon;
afterEach(() => daemon.end());

interface Line {
  readonly level: string;
  readonly message: string;
  readonly client?: string;
}

/** What the log has on the clients, as data. */
function clientLines(): Line[] {
  const isLine = (value: unknown): value is Line =>
    typeof value === 'object' && value !== null && 'level' in value && 'message' in value;
  return daemon
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line))
    .filter(isLine)
    .filter(({ client, message }) => client !== undefined || /from |\bclient\b/.test(message));
}

/** Listens on every address; a client over IPv4 then has an address that is mapped into IPv6. */
const start = async (...options: string[]): Promise<void> => {
  daemon = await startDaemon({ listen: '::', options: ['--log-format', 'json', ...options] });
};

async function send(host: string, compiler: string): Promise<void> {
  const { socket, answer } = await connectTo(daemon.port, host, host);
  const argv = [compiler, '-c', 'a.c', '-o', 'a.o'];
  for (const chunk of encodeRequest({ version: 1, argv, source: Buffer.from('int a;\n') })) socket.write(chunk);
  await answer;
}

describe('the lines about a client', () => {
  it.each([
    ['127.0.0.1', /\b127\.0\.0\.1:\d+\b/],
    ['::1', /\[::1]:\d+\b/],
  ])('all name %s in one way, and have it as a field: jobs, refusals, what cannot be read', async (host, place) => {
    await start('--allow', '127.0.0.1', '--allow', '::1');
    await send(host, 'gcc');
    await send(host, 'not-permitted');
    const { socket, answer } = await connectTo(daemon.port, host, host);
    socket.end('GET / HTTP/1.0\r\n\r\n');
    await answer;
    await until(() => /REJ_BAD_REQ/.test(daemon.log()), 'the last summary');
    const lines = clientLines();
    const said = lines.map(({ message }) => message).join('\n');
    expect(said).toContain('COMPILE_OK');
    expect(said).toContain('refused a job of');
    expect(said).toContain('DIST');
    expect(said).not.toContain('::ffff:');
    expect(lines.map(({ client }) => client)).toEqual(lines.map(() => host));
    for (const { message } of lines) if (message.includes(host)) expect(message).toMatch(place);
  });

  it('name clients that were denied', async () => {
    await start('--allow', '10.0.0.0/8');
    await send('::1', 'gcc');
    // The answer may be here before the line has come through the pipe.
    await until(() => clientLines().length > 0, 'the denial is said');
    expect(clientLines()).toEqual([
      expect.objectContaining({
        level: 'error',
        client: '::1',
        message: expect.stringMatching(/^connection from client '\[::1]:\d+' denied by access list$/),
      }),
    ]);
  });

  it('are one at level debug where somebody connects and closes, as a look whether the port is open does', async () => {
    await start('--allow', '127.0.0.1');
    const { socket, answer } = await connectTo(daemon.port);
    socket.end();
    await answer;
    // And one that does not even say goodbye. It has been taken out of the queue when one that came after it is served.
    const second = await connectTo(daemon.port);
    await send('127.0.0.1', 'gcc');
    second.socket.resetAndDestroy();
    const looks = (): Line[] => clientLines().filter(({ message }) => message.includes('without a job'));
    await until(() => looks().length === 2, 'both are said');
    expect(clientLines().filter(({ message }) => message.startsWith('connection from'))).toHaveLength(1);
    for (const line of looks()) {
      expect(line).toMatchObject({ level: 'debug', client: '127.0.0.1' });
      expect(line.message).toMatch(/^127\.0\.0\.1:\d+ connected and closed without a job$/);
    }
    expect(clientLines().filter(({ level }) => level === 'error' || level === 'warning')).toEqual([]);
  });
});
