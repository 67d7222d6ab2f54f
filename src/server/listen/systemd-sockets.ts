import { systemReason } from '../../system/error-text.ts';
import { defaultPort } from '../../wire/port.ts';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { whyNotListening } from '../../system/descriptors/given-descriptors.ts';
import type { GivenDescriptor } from '../../system/descriptors/given-descriptors.ts';
import { backlog } from './bind.ts';
import type { Listening } from './bind.ts';
import { writeHostPort } from '../../basics/address-text.ts';

/** Whether these options name an address to listen on, which has no effect on sockets of the service manager. */
const namesPlace = ({ port, listen }: Pick<DaemonOptions, 'port' | 'listen'>): boolean =>
  port !== defaultPort || listen.length > 0;

/** Names of descriptors that are not sockets for clients. */
const otherNames: ReadonlySet<string> = new Set(['notify', 'journal', 'stats']);

/** The descriptors that are sockets for clients. */
export const socketsToServe = (given: readonly GivenDescriptor[]): readonly GivenDescriptor[] =>
  given.filter(({ name }) => !otherNames.has(name));

/** The sockets for the statistics page, from distccd-stats.socket. */
export const statsSockets = (given: readonly GivenDescriptor[]): readonly GivenDescriptor[] =>
  given.filter(({ name }) => name === 'stats');

/** The descriptor of a connection to the journal. */
export const journalAmong = (given: readonly GivenDescriptor[]): number | undefined =>
  given.find(({ name }) => name === 'journal')?.descriptor;

const unusable = ({ descriptor, name }: GivenDescriptor, what: string): Failure =>
  new Failure(
    exitStatus.bindFailed,
    `descriptor ${descriptor} ("${name}") of the service manager is ${what}: distccd needs a socket unit with ListenStream= and Accept=no`,
  );

function adopt(given: GivenDescriptor): Promise<Server> {
  const reason = whyNotListening(given.descriptor);
  if (reason !== undefined) return Promise.reject(unusable(given, reason));
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(unusable(given, `no socket that can listen (${systemReason(error)})`));
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.once('error', fail);
    try {
      // With a descriptor, Node reads the backlog only from this argument.
      server.listen({ fd: given.descriptor }, backlog, () => {
        server.off('error', fail);
        resolve(server);
      });
    } catch (error) {
      fail(error);
    }
  });
}

function addressOfServer(server: Server, { name }: GivenDescriptor): string {
  const address = server.address();
  return address === null || typeof address === 'string'
    ? `Unix socket "${name}"`
    : writeHostPort(address.address, address.port);
}

/**
 * Takes over sockets that the service manager opened and keeps open: clients in their queues when this process ends are
 * served by the next one.
 * @throws Failure (status 102) when a descriptor is not a listening stream socket; none stays open then
 */
export async function adoptSockets(
  given: readonly GivenDescriptor[],
  options: Pick<DaemonOptions, 'port' | 'listen'>,
): Promise<Listening> {
  const servers: Server[] = [];
  const addresses: string[] = [];
  try {
    for (const one of given) {
      const server = await adopt(one);
      servers.push(server);
      addresses.push(addressOfServer(server, one));
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  const warnings = namesPlace(options)
    ? ['--port and --listen have no effect: the service manager gave the sockets to serve']
    : [];
  return { servers, addresses, warnings };
}

/** The failure of `--idle-exit` without sockets of the service manager: nothing would start this daemon again. */
export const needsActivation = (environment: NodeJS.ProcessEnv): Failure =>
  new Failure(
    exitStatus.badArguments,
    environment['SYSTEMD_EXEC_PID'] === String(process.pid)
      ? 'systemd gave this service no sockets: with Accept=yes in its socket unit each client has a process of its own, and this one is not used; else "systemctl restart distccd.socket" opens them anew'
      : '--idle-exit needs a service manager that holds the sockets and starts distccd again: leave it out, or enable distccd.socket',
  );
