import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A connection on which a test speaks the protocol, or something else, by itself. */
export interface WireClient {
  readonly socket: Socket;
  /** Everything that the server sent until it closed the connection. */
  readonly answer: Promise<Buffer>;
}

/** Connects to a server on this machine; `from` is the loopback address to come from. */
export async function connectTo(port: number, from = '127.0.0.1', host = '127.0.0.1'): Promise<WireClient> {
  const socket = connect({ port, host, ...(from === host ? {} : { localAddress: from }), allowHalfOpen: true });
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A reset is an end like another; what matters is what came before.
  socket.on('error', () => {});
  const answer = new Promise<Buffer>((resolve) => {
    socket.once('end', () => {
      socket.destroy();
      resolve(Buffer.concat(chunks));
    });
    socket.once('close', () => resolve(Buffer.concat(chunks)));
  });
  return { socket, answer };
}

/** Sends bytes and gives everything that came back. */
export async function converse(port: number, chunks: readonly (Buffer | string)[]): Promise<Buffer> {
  const { socket, answer } = await connectTo(port);
  for (const chunk of chunks) socket.write(chunk);
  return answer;
}
