import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { createConnection, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { systemReason } from '../system/error-text.ts';
import { connectionOver } from './connection.ts';
import type { Connection } from './connection.ts';
import type { TcpHost } from './host.ts';
import { TransportError } from './faults.ts';

/** How long one address may take, in ms (wire-protocol reference, section 9). */
const connectPatience = 4000;

/** The resolver's own words (gai_strerror(3)), which Node's table lacks. */
function lookupReason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOTFOUND') return 'Name or service not known';
  return error.code === 'EAI_AGAIN' ? 'Temporary failure in name resolution' : systemReason(error);
}

function addressesOf({ name, port }: TcpHost): Promise<readonly string[]> {
  if (isIP(name) !== 0) return Promise.resolve([name]);
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, found: LookupAddress[]) => {
      if (error === null) resolve(found.map(({ address }) => address));
      else reject(new TransportError(`failed to resolve host ${name} port ${port}: ${lookupReason(error)}`));
    });
  });
}

function connectTo(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Small packets go out at once: the head of a request must not wait for the acknowledgement of anything.
    const socket = createConnection({ host, port, noDelay: true });
    const give = (reason: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new TransportError(reason));
    };
    const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const timer = setTimeout(() => give(`timeout while connecting to ${place}`), connectPatience);
    const refuse = (error: Error): void => give(`nonblocking connect to ${place} failed: ${systemReason(error)}`);
    socket.once('error', refuse);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', refuse);
      resolve(socket);
    });
  });
}

/** Connects to the first of a host's addresses that answers; throws a TransportError. */
export async function connectTcp(
  host: TcpHost,
  idleSeconds: number,
  tried: (address: string) => void,
): Promise<Connection> {
  let last: TransportError | undefined;
  for (const address of await addressesOf(host)) {
    tried(address);
    try {
      const socket = await connectTo(address, host.port);
      return connectionOver({ readable: socket, writable: socket, destroy: () => void socket.destroy() }, idleSeconds);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      last = error;
    }
  }
  throw last ?? new TransportError(`host ${host.name} has no address`);
}
