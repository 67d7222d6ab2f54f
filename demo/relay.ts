import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** Stands between clients and one daemon, and counts the bytes that pass, as they are on the wire: no log has those. */
export interface Relay {
  readonly port: number;
  readonly counts: { connections: number; bytesOut: number; bytesBack: number };
  close: () => void;
}

/** Listens on a free loopback port and passes every connection on to another one. */
export async function startRelay(target: number): Promise<Relay> {
  const counts = { connections: 0, bytesOut: 0, bytesBack: 0 };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const daemon = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    counts.connections += 1;
    client.on('data', (chunk) => (counts.bytesOut += chunk.length));
    daemon.on('data', (chunk) => (counts.bytesBack += chunk.length));
    client.pipe(daemon).pipe(client);
    for (const [socket, other] of [[client, daemon] as const, [daemon, client] as const]) {
      sockets.add(socket);
      // The other side must see an error, or it would wait for ever.
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening socket has no port');
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, counts, close };
}
