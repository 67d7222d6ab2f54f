import { systemReason } from '../../system/error-text.ts';
import { lookup } from 'node:dns/promises';
import { createServer, isIP } from 'node:net';
import type { Server, Socket } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { OpenConnections } from '../limits/open-connections.ts';
import { writeHostPort } from '../../basics/address-text.ts';
import type { Client } from './serve-client.ts';

/** The listening sockets, with warnings for the administrator. */
export interface Listening {
  readonly servers: readonly Server[];
  /** `ADDRESS:PORT` of each. */
  readonly addresses: readonly string[];
  readonly warnings: readonly string[];
  /** How clients are introduced by the processes that pass them on; left out where clients connect themselves. */
  readonly introduction?: Introduction;
}

/** A client's introduction by the process of ours that has its connection. */
export interface Introduction {
  /** Reads who the client is; undefined for somebody who may not introduce clients. */
  readonly read: (socket: Socket) => Promise<Client | undefined>;
  /** The client is served from now on. */
  readonly admitted: (socket: Socket) => void;
}

/** How many clients may wait in the queue of a socket to be accepted. */
export const backlog = 1024;
/** Whether an address could not be bound because this system has its family switched off. */
function lacksFamily(error: unknown, address: string): boolean {
  const code = codeOf(error);
  return code === 'EAFNOSUPPORT' || (code === 'EADDRNOTAVAIL' && (address === '::' || address === '::1'));
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

function listen(address: string, port: number, ipv6Only: boolean): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Half-open, because a client that ends its side must be noticed here, not closed automatically.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.once('error', reject);
    server.listen({ host: address, port, backlog, ipv6Only }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

function bindFailure(address: string, error: unknown): Failure {
  const code = codeOf(error);
  const cures: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there: stop it, or choose another port with --port',
    EACCES: 'only root may use this port: start as root, or choose a port above 1023 with --port',
    EADDRNOTAVAIL: 'this machine has no such address: choose another with --listen',
  };
  return new Failure(exitStatus.bindFailed, `cannot listen on ${address}: ${cures[code] ?? systemReason(error)}`, {
    cause: error,
  });
}

async function addressesOf(name: string): Promise<string[]> {
  if (isIP(name) !== 0) return [name];
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new Failure(
      exitStatus.bindFailed,
      `cannot find the address of "${name}": ${systemReason(error)}; give --listen an address of this machine`,
    );
  }
}

/** Every address to bind, each once; "::" stands for all addresses of both families. */
async function addressesToBind(names: readonly string[]): Promise<readonly string[]> {
  const addresses = new Set<string>();
  for (const name of names.length === 0 ? ['::'] : names) {
    for (const address of await addressesOf(name)) addresses.add(address);
  }
  return [...addresses];
}

/**
 * Opens the listening sockets: for all addresses of both families, or those that `--listen` names. A family that this
 * system lacks is only a warning, unless nothing is left to serve.
 * @throws Failure (status 102) with the address and the cure; no socket stays open then
 */
export async function bindSockets(names: readonly string[], port: number): Promise<Listening> {
  const servers: Server[] = [];
  const addresses: string[] = [];
  const missing: Failure[] = [];
  const open = async (address: string): Promise<void> => {
    try {
      // "::" serves IPv4 too; any other IPv6 address serves only itself.
      servers.push(await listen(address, port, address !== '::'));
    } catch (error) {
      throw bindFailure(writeHostPort(address, port), error);
    }
    addresses.push(writeHostPort(address, port));
  };
  try {
    for (const address of await addressesToBind(names)) {
      try {
        await open(address);
      } catch (error) {
        if (!(error instanceof Failure) || !lacksFamily(error.cause, address)) throw error;
        missing.push(error);
        if (address === '::') await open('0.0.0.0');
      }
    }
    if (servers.length === 0 && missing[0] !== undefined) throw missing[0];
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return { servers, addresses, warnings: missing.map(({ message }) => `${message}; serving the rest`) };
}

/** Whether a server listens on a Unix socket, for which Node names no address. */
const isUnix = (server: Server): boolean => {
  const address = server.address();
  return address === null || typeof address === 'string';
};

/** How accepted connections are handled. */
export interface Reception {
  /** Finds out who the client is; `local` on a Unix socket. */
  readonly identify: (socket: Socket, from: 'network' | 'local') => Client;
  /** Serves an admitted client; also called for one that is not admitted, without a counted connection. */
  readonly serve: (socket: Socket, client: Client) => void;
  readonly refuse: (client: Client) => void;
}

/**
 * Hands accepted connections on. A client that the access list denies is not counted, so that no connection is closed
 * for it.
 */
export function acceptConnections(
  { servers, introduction }: Pick<Listening, 'servers' | 'introduction'>,
  connections: OpenConnections,
  { identify, serve, refuse }: Reception,
): void {
  const accept = (socket: Socket, client: Client): void => {
    if (!client.admitted) {
      serve(socket, client);
      return;
    }
    const connection = connections.admit(client.address);
    if (connection === undefined) {
      refuse(client);
      socket.destroy();
      return;
    }
    socket.once('close', () => connection.leave());
    introduction?.admitted(socket);
    serve(socket, { ...client, connection });
  };
  const introduce = async (socket: Socket, { read }: Introduction): Promise<void> => {
    const client = await read(socket);
    if (client === undefined) socket.destroy();
    else accept(socket, client);
  };
  for (const server of servers) {
    const from = isUnix(server) ? 'local' : 'network';
    server.on('connection', (socket) => {
      // It was reset while it was in the queue: its address is no longer known.
      if (from === 'network' && socket.remoteAddress === undefined) socket.destroy();
      else if (introduction === undefined) accept(socket, identify(socket, from));
      else void introduce(socket, introduction);
    });
    // A failed accept concerns only its client; the next one may work.
    server.on('error', () => {});
  }
}
