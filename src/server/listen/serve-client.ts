import { Socket } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import type { ExitStatus } from '../../basics/exit-status.ts';
import { systemReason } from '../../system/error-text.ts';
import { peerUser } from '../../system/descriptors/peer-user.ts';
import { plainAddress } from '../policy/access-list.ts';
import type { ClientStream } from '../connection/client-stream.ts';
import { Conversation } from '../connection/conversation.ts';
import { onlyConnection } from '../limits/open-connections.ts';
import type { OpenConnection } from '../limits/open-connections.ts';
import type { Service, StopReasons } from '../connection/service.ts';
import { endedWithout, summaryFields, summaryLine } from '../job/job-end.ts';
import type { JobEnd } from '../job/job-end.ts';
import { writeHostPort } from '../../basics/address-text.ts';

/** The client at the other end of a stream. */
export interface Client {
  /** The address by which limits count it and the log names it. */
  readonly address: string;
  /** Its name in the log: `ADDRESS:PORT`. */
  readonly name: string;
  readonly admitted: boolean;
  /** Its counted connection; left out when it is the only client of this process. */
  readonly connection?: OpenConnection;
}

/** A client that has connected over the network. */
export function networkClient(socket: Socket, { access }: Pick<Service, 'access'>): Client {
  const address = plainAddress(socket.remoteAddress ?? '');
  return { address, name: writeHostPort(address, socket.remotePort ?? 0), admitted: access().admits(address) };
}

/** A client on a Unix socket, admitted by the mode of the socket's file. Each user counts as one client. */
export function localClient(socket: Socket): Client {
  const user = peerUser(socket);
  const address = user === undefined ? 'this machine' : `uid ${user}`;
  return { address, name: address, admitted: true };
}

/** Serves one client from its first byte to the end of its answer. Returns distcc's internal code; never throws. */
export async function serveClient(
  stream: ClientStream,
  { address, name, admitted, connection = onlyConnection(address) }: Client,
  service: Service,
  stopping: StopReasons,
): Promise<ExitStatus> {
  const log = service.clientLog.of(address);
  service.statistics.accept();
  if (!admitted) {
    const text = `connection from client '${name}' denied by access list`;
    log.say('a connection that the access list denied', 'error', text);
    service.board.refuse('access_denied', address, text, Date.now());
    stream.destroy();
    return exitStatus.accessDenied;
  }
  const record = service.board.begin(address);
  const end = await new Conversation(stream, service, { name, connection, record })
    .hold(stopping)
    .catch((error: unknown): JobEnd => {
      const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.say('a job that was lost', 'error', `lost the job of ${name}: ${trace}`);
      return endedWithout('OTHER', exitStatus.general, { reason: 'internal_error', sentence: systemReason(error) });
    });
  const [received, sent] = stream instanceof Socket ? [stream.bytesRead, stream.bytesWritten] : [0, 0];
  stream.destroy();
  const milliseconds = performance.now() - record.began;
  service.statistics.end(end, milliseconds, Date.now());
  service.board.close({ record, end, received, sent }, Date.now());
  if (end.unheard === true) {
    log.say('a connection without a job', 'debug', `${name} connected and closed without a job`);
    return end.ret;
  }
  const kind = end.command === undefined ? 'a connection without a job' : 'a job that was done';
  log.say(kind, 'notice', summaryLine(name, end, milliseconds), summaryFields(end, milliseconds));
  return end.ret;
}
