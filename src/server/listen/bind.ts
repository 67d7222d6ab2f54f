import { systemReason } from '../../system/error-text.ts';
import { lookup } from 'node:dns/promises';
import { createServer, isIP } from 'node:net';
import type { Server, Socket } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { OpenConnections } from '../limits/open-connections.ts';
import { writePlace } from '../../basics/place.ts';
import type { Client } from './serve-client.ts';

/** The listening sockets, and what the administrator should know about them. */
export interface Listening {
  readonly servers: readonly Server[];
  /** `ADDRESS:PORT` of each. */
  readonly places: readonly string[];
  readonly warnings: readonly string[];
}

/** How many clients may wait in a socket's queue until we take them. */
export const backlog = 1024;
/** Whether an address could not be had because this system has its family switched off. */
function lacksFamily(error: unknown, address: string): boolean {
  const code = codeOf(error);
  return code === 'EAFNOSUPPORT' || (code === 'EADDRNOTAVAIL' && (address === '::' || address === '::1'));
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

function listen(address: string, port: number, ipv6Only: boolean): Promise<Server> {
  return new Promise((resolve, reject) => {
    // The client keeps its side open until it has the answer: its end is an event of ours, not an automatic close.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.once('error', reject);
    server.listen({ host: address, port, backlog, ipv6Only }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

function bindFailure(place: string, error: unknown): Failure {
  const code = codeOf(error);
  const cures: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there: stop it, or choose another port with --port',
    EACCES: 'only root may use this port: start as root, or choose a port above 1023 with --port',
    EADDRNOTAVAIL: 'this machine has no such address: choose another with --listen',
  };
  return new Failure(exitStatus.bindFailed, `cannot listen on ${place}: ${cures[code] ?? systemReason(error)}`, {
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

/** Every address to bind, each once; "::" stands for all of both families. */
async function addressesToBind(names: readonly string[]): Promise<readonly string[]> {
  const addresses = new Set<string>();
  for (const name of names.length === 0 ? ['::'] : names) {
    for (const address of await addressesOf(name)) addresses.add(address);
  }
  return [...addresses];
}

/**
 * Opens the listening sockets: every address of both families, or those that `--listen` names. A family that this
 * system lacks is a warning as long as something is left to serve.
 * @throws Failure (status 102) with the place and the cure; no socket stays open then
 */
export async function bindSockets(names: readonly string[], port: number): Promise<Listening> {
  const servers: Server[] = [];
  const places: string[] = [];
  const missing: Failure[] = [];
  const open = async (address: string): Promise<void> => {
    try {
      // "::" means every address; any other IPv6 address is itself only.
      servers.push(await listen(address, port, address !== '::'));
    } catch (error) {
      throw bindFailure(writePlace(address, port), error);
    }
    places.push(writePlace(address, port));
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
  return { servers, places, warnings: missing.map(({ message }) => `${message}; serving the rest`) };
}

/** Whether a server listens on a Unix socket: it has no address that Node could name. */
const isUnix = (server: Server): boolean => {
  const address = server.address();
  return address === null || typeof address === 'string';
};

/** What becomes of a connection. */
export interface Reception {
  /** Who is there; on a Unix socket somebody `local`. */
  readonly identify: (socket: Socket, from: 'network' | 'local') => Client;
  /** For clients that are counted among the open connections, and for those that are not admitted. */
  readonly serve: (socket: Socket, client: Client) => void;
  readonly refuse: (client: Client) => void;
}

/** Hands accepted connections on. Whoever is not admitted is not counted: no connection is closed for them. */
export function acceptConnections(
  servers: readonly Server[],
  connections: OpenConnections,
  { identify, serve, refuse }: Reception,
): void {
  const accept = (socket: Socket, from: 'network' | 'local'): void => {
    if (from === 'network' && socket.remoteAddress === undefined) {
      // It was reset in the queue: nobody is there, and nobody knows who it was.
      socket.destroy();
      return;
    }
    const client = identify(socket, from);
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
    serve(socket, { ...client, connection });
  };
  for (const server of servers) {
    const from = isUnix(server) ? 'local' : 'network';
    server.on('connection', (socket) => accept(socket, from));
    // A connection that could not be accepted is its client's loss; the next one may do.
    server.on('error', () => {});
  }
}
