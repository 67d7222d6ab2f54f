import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import { readRequest } from '../../../src/wire/request.ts';
import type { CompileRequest } from '../../../src/wire/request.ts';
import { encodeResponse } from '../../../src/wire/response.ts';
import type { CompileResponse } from '../../../src/wire/response.ts';
import { objectWith } from '../../support/object-file.ts';

/** A server that says what a test wants it to say. */
export interface FakeServer {
  /** As a word of a host list. */
  readonly host: string;
  readonly port: number;
  /** The requests that came in whole. */
  readonly requests: CompileRequest[];
  /** How many clients have connected. */
  readonly connections: () => number;
  readonly end: () => Promise<void>;
}

/** What a fake server answers to a request, in bytes; undefined keeps the client waiting. */
export type Answer = (request: CompileRequest) => Buffer | undefined;

/** An answer in the protocol, success and an object unless it is told otherwise. */
export function answer(changes: Partial<CompileResponse>): Answer {
  return ({ version }) => {
    const empty = Buffer.alloc(0);
    const { status = 0 } = changes;
    const object = status === 0 ? objectWith('object') : empty;
    const response = { version, status, stderr: empty, stdout: empty, object, ...changes };
    return Buffer.concat(encodeResponse(response));
  };
}

/** The first half of an answer's bytes. */
export function halfOf(say: Answer): Answer {
  return (request) => {
    const bytes = say(request);
    return bytes?.subarray(0, bytes.length / 2);
  };
}

/** Starts a fake server on a free loopback port; it may keep the connection open after its answer. */
export async function startFakeServer(say: Answer, { hangs = false } = {}): Promise<FakeServer> {
  const requests: CompileRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    const decoder = new Decoder(readRequest());
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      decoder.feed(chunk);
      if (decoder.result === undefined) return;
      requests.push(decoder.result.value);
      const bytes = say(decoder.result.value);
      if (bytes === undefined) return;
      if (hangs) socket.write(bytes);
      else socket.end(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  return {
    host: `127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    async end() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
