import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Servers that a test plays: hosts on ports of 127.0.0.1, or others on sockets with names. */
export class PlayedHosts {
  readonly servers: Server[] = [];
  readonly sockets: Socket[] = [];

  /** Listens on a port, 0 for any, or a path; gives the port, 0 for a path. */
  async listen(where: string | number, welcome: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      welcome(socket);
    });
    this.servers.push(server);
    if (typeof where === 'string') server.listen(where);
    else server.listen(where, '127.0.0.1');
    await once(server, 'listening');
    return typeof where === 'string' ? 0 : (server.address() as AddressInfo).port;
  }

  end(): void {
    for (const socket of this.sockets) socket.destroy();
    for (const server of this.servers) server.close();
  }
}
