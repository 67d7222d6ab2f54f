import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { ServerOpts, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The two ends of a connection over a Unix socket. */
export interface SocketPair {
  /** Who has connected. */
  readonly caller: Socket;
  /** Who was called: a server with these options made it. */
  readonly called: Socket;
  remove(): void;
}

/** Connects two sockets of this process. */
export async function connectPair(options: ServerOpts): Promise<SocketPair> {
  const place = mkdtempSync(join(tmpdir(), 'socket-pair-'));
  const server = createServer(options).listen(join(place, 'socket'));
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const caller = createConnection(join(place, 'socket'));
  await once(caller, 'connect');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a server's event brings
  const [called] = (await accepted) as [Socket];
  // Either end may close while the other one writes.
  for (const socket of [caller, called]) socket.on('error', () => {});
  server.close();
  return {
    caller,
    called,
    remove() {
      for (const socket of [caller, called]) socket.destroy();
      rmSync(place, { recursive: true });
    },
  };
}
