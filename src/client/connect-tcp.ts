import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { writeAllNow } from '../system/socket-descriptor.ts';
import { systemReason } from '../system/error-text.ts';
import { lookUpAddresses } from '../system/name-lookup.ts';
import { connectionOver } from './connection.ts';
import type { Connection } from './connection.ts';
import { firstToAnswer } from './first-to-answer.ts';
import type { Dialing } from './first-to-answer.ts';
import type { TcpHost } from './host.ts';
import { TransportError } from './faults.ts';
import { NameResolver } from './resolve-name.ts';

/** How long one address may take, in ms (wire-protocol reference, section 9). */
export const connectPatience = 4000;

/** What all jobs of this process know about names. */
const resolver = new NameResolver(lookUpAddresses, () => performance.now());

/** Of names with several addresses, the one that answered last. */
const answered = new Map<string, string>();

function dial(host: string, port: number): Dialing<Socket> {
  // Small packets go out at once: the head of a request must not wait for the acknowledgement of anything.
  const socket = createConnection({ host, port, noDelay: true });
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const timer = setTimeout(() => {
    socket.destroy(new TransportError(`timeout while connecting to ${place}`));
  }, connectPatience);
  const answer = new Promise<Socket>((resolve, reject) => {
    const refuse = (error: Error): void => {
      clearTimeout(timer);
      const reason = `nonblocking connect to ${place} failed: ${systemReason(error)}`;
      reject(error instanceof TransportError ? error : new TransportError(reason, { cause: error }));
    };
    socket.once('error', refuse);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', refuse);
      resolve(socket);
    });
  });
  const cancel = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  return { answer, cancel };
}

/** The addresses of a name, first the one that answered last: one that is dead must not cost every job its time. */
function inOrder(name: string, addresses: readonly string[]): readonly string[] {
  const last = answered.get(name);
  if (last === undefined || !addresses.includes(last)) return addresses;
  return [last, ...addresses.filter((address) => address !== last)];
}

/** The one address of a host that is worth trying first; undefined when several may have to be tried, or none can be dialled by number alone. */
export async function likelyAddress(
  { name }: TcpHost,
  names: Pick<NameResolver, 'addressesOf'> = resolver,
): Promise<string | undefined> {
  const addresses = await names.addressesOf(name);
  const [first] = inOrder(name, addresses);
  const known = addresses.length === 1 || answered.has(name);
  return known && first?.includes('%') === false ? first : undefined;
}

/** Connects to the first of a host's addresses that answers; throws a TransportError. */
export async function connectTcp(
  { name, port }: TcpHost,
  idleSeconds: number,
  tried: (address: string) => void,
  names: Pick<NameResolver, 'addressesOf'> = resolver,
): Promise<Connection> {
  const addresses = await names.addressesOf(name);
  const { address, value: socket } = await firstToAnswer(inOrder(name, addresses), (next) => {
    tried(next);
    return dial(next, port);
  });
  if (addresses.length > 1) answered.set(name, address);
  const streams = {
    readable: socket,
    writable: socket,
    writeNow: (pieces: readonly Buffer[]) => writeAllNow(socket, pieces),
    destroy: () => void socket.destroy(),
  };
  return connectionOver(streams, idleSeconds);
}
