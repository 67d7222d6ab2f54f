import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { connectTcp } from '../../../src/client/connect-tcp.ts';
import { sshCommand } from '../../../src/client/connect-ssh.ts';
import { connectionOver } from '../../../src/client/connection.ts';
import type { Connection } from '../../../src/client/connection.ts';
import { JobRefused, TransportError } from '../../../src/client/faults.ts';
import { readHostWord } from '../../../src/client/host-word.ts';
import type { SshHost, TcpHost } from '../../../src/client/host.ts';
import { Decoder } from '../../../src/wire/decoder.ts';
import { encodeRefusal } from '../../../src/wire/refusal.ts';
import { encodeResponse, readResponse } from '../../../src/wire/response.ts';
import type { CompileResponse } from '../../../src/wire/response.ts';

const response: CompileResponse = {
  version: 1,
  status: 0,
  stderr: Buffer.from('warning\n'),
  stdout: Buffer.alloc(0),
  object: Buffer.alloc(300_000, 'o'),
};

/** An answer up to its object. */
const whole = 'DONE00000001STAT00000000SERR00000000SOUT00000000';

const decoder = (): Decoder<CompileResponse> => new Decoder(readResponse(1));

/** A connection over two pipes, and the peer's ends of them. */
function piped(idleSeconds = 60): { connection: Connection; toUs: PassThrough; fromUs: PassThrough; ends: boolean[] } {
  const [toUs, fromUs] = [new PassThrough(), new PassThrough()];
  const ends: boolean[] = [];
  const destroy = (broken: boolean): void => {
    ends.push(broken);
    toUs.destroy();
    fromUs.destroy();
  };
  return { connection: connectionOver({ readable: toUs, writable: fromUs, destroy }, idleSeconds), toUs, fromUs, ends };
}

describe('connectionOver()', () => {
  it('sends what it is given, in order', async () => {
    const { connection, fromUs } = piped();
    const chunks = [Buffer.from('head'), Buffer.alloc(700_000, 'x'), Buffer.from('tail')];
    const received: Buffer[] = [];
    fromUs.on('data', (chunk: Buffer) => received.push(chunk));
    await connection.send(chunks);
    await connection.send([]);
    expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true);
  });

  it('reads an answer that comes in pieces, and says once when it begins', async () => {
    const { connection, toUs } = piped();
    const begun: string[] = [];
    const answer = connection.receive(decoder(), () => begun.push('begun'));
    for (const chunk of encodeResponse(response)) toUs.write(chunk);
    expect((await answer).object.length).toBe(300_000);
    expect(begun).toEqual(['begun']);
  });

  it('takes an answer while it is still sending', async () => {
    const { connection, toUs, ends } = piped();
    connection.send([Buffer.alloc(10_000_000)]).catch(() => {});
    const answer = connection.receive(decoder(), () => {});
    for (const chunk of encodeResponse({ ...response, status: 256 })) toUs.write(chunk);
    expect((await answer).status).toBe(256);
    connection.close();
    expect(ends).toEqual([false]);
  });

  it('takes an answer from a server that reads no more', async () => {
    const { connection, toUs, fromUs } = piped();
    const sending = connection.send([Buffer.alloc(10_000_000)]);
    const answer = connection.receive(decoder(), () => {});
    fromUs.destroy(new Error('broken pipe'));
    await expect(sending).rejects.toThrow('broken pipe');
    for (const chunk of encodeResponse(response)) toUs.write(chunk);
    expect((await answer).status).toBe(0);
  });

  it('tells the user what a server without an answer may mean', async () => {
    const { connection, toUs, ends } = piped();
    const answer = connection.receive(decoder(), () => {});
    toUs.end();
    await expect(answer).rejects.toThrow(/server provided no answer. Is the server configured to allow access/);
    await expect(answer).rejects.toBeInstanceOf(TransportError);
    expect(ends).toEqual([true]);
  });

  it.each([
    ['an answer that is cut short', 'DONE00000001STAT', /bad answer from server: .*ended after/],
    ['an answer that is none', 'HTTP/1.1 400 Bad Request', /bad answer from server: .*"DONE"/],
    ['an answer of another version', 'DONE00000002STAT00000000', /bad answer from server: .*version 2/],
    ['more than an answer', `${whole}DOTO00000001ab`, /bad answer from server: more bytes came after its end/],
    ['an answer without an object', whole, /bad answer from server: .*ended after 0 of the 12 bytes of token "DOTO"/],
    [
      'more messages than there may be',
      'DONE00000001STAT00000000SERRffffffff',
      /SERR" is 4294967295, more than the limit/,
    ],
    ['a status that no process has', 'DONE00000001STAT00010000', /STAT" is 65536, more than the limit of 65535/],
  ])('fails with %s', async (_case, text, words) => {
    const { connection, toUs } = piped();
    const answer = connection.receive(decoder(), () => {});
    toUs.end(text);
    await expect(answer).rejects.toThrow(words);
  });

  it('does not wait for what a server might send after its answer', async () => {
    const { connection, toUs } = piped();
    const answer = connection.receive(decoder(), () => {});
    toUs.write(`${whole}DOTO00000001a`);
    expect((await answer).object.toString()).toBe('a');
    toUs.write('b');
    connection.close();
  });

  it('passes on the sentence of a server that refuses the job', async () => {
    const { connection, toUs } = piped();
    const answer = connection.receive(decoder(), () => {});
    for (const chunk of encodeRefusal(1, 'the compiler "foo" is not permitted here')) toUs.write(chunk);
    await expect(answer).rejects.toBeInstanceOf(JobRefused);
    await expect(answer).rejects.toThrow(/^the compiler "foo" is not permitted here$/);
  });

  it('fails when nothing moves for the time', async () => {
    const { connection } = piped(0.02);
    await expect(connection.receive(decoder(), () => {})).rejects.toThrow('IO timeout');
  });

  it('fails everything that waits, and everything after, when it is closed', async () => {
    const { connection } = piped();
    const answer = connection.receive(decoder(), () => {});
    connection.close();
    await expect(answer).rejects.toThrow('given up');
    await expect(connection.send([Buffer.from('x')])).rejects.toThrow('given up');
  });
});

describe('connectTcp()', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  const hostAt = (word: string): TcpHost => {
    const host = readHostWord(word, () => {});
    if (host.kind !== 'tcp') throw new Error('not tcp');
    return host;
  };

  it('connects to a host and speaks with it', async () => {
    server = createServer(
      (socket: Socket) => void socket.once('data', () => socket.end(Buffer.concat(encodeResponse(response)))),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has such an address
    const { port } = server.address() as AddressInfo;
    const tried: string[] = [];
    const connection = await connectTcp(hostAt(`127.0.0.1:${port}`), 60, (address) => tried.push(address));
    const answer = connection.receive(decoder(), () => {});
    await connection.send([Buffer.from('request')]);
    expect((await answer).stderr.toString()).toBe('warning\n');
    expect(tried).toEqual(['127.0.0.1']);
    connection.close();
  });

  it('goes on to the next address of a name, and begins with the one that answered last', async () => {
    server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has such an address
    const { port } = server.address() as AddressInfo;
    const names = { addressesOf: () => Promise.resolve(['127.0.0.9', '127.0.0.1']) };
    const tried: string[] = [];
    for (let job = 0; job < 2; job += 1) {
      const host = hostAt(`two-addresses.example:${port}`);
      (await connectTcp(host, 60, (address) => tried.push(address), names)).close();
    }
    expect(tried).toEqual(['127.0.0.9', '127.0.0.1', '127.0.0.1']);
  });

  it('says why it could not', async () => {
    await expect(connectTcp(hostAt('127.0.0.1:1'), 60, () => {})).rejects.toThrow(
      'nonblocking connect to 127.0.0.1:1 failed: Connection refused',
    );
    await expect(connectTcp(hostAt('[::1]:1'), 60, () => {})).rejects.toThrow('connect to [::1]:1 failed');
    await expect(connectTcp(hostAt('no-such-host.invalid'), 60, () => {})).rejects.toThrow(
      'failed to resolve host no-such-host.invalid: ',
    );
  });
});

describe('sshCommand()', () => {
  const commandOf = (word: string, ssh: string): string => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every word below has an "@"
    return sshCommand(readHostWord(word, () => {}) as SshHost, ssh).join(' ');
  };

  it.each([
    ['@angry', 'ssh', 'ssh angry distccd --inetd --enable-tcp-insecure'],
    ['ted@angry:/opt/d', 'ssh', 'ssh -l ted angry /opt/d --inetd --enable-tcp-insecure'],
    ['@angry', ' rsh  -x\t-y ', 'rsh -x -y angry distccd --inetd --enable-tcp-insecure'],
  ])('starts a server for %s with "%s"', (word, ssh, command) => {
    expect(commandOf(word, ssh)).toBe(command);
  });
});
