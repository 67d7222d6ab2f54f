import { setMaxListeners } from 'node:events';
import { Attendance } from './attendance.ts';
import { acceptConnections, type Listening } from './bind.ts';
import { House } from './house.ts';
import type { ProvenService } from './prove.ts';
import { Refusal } from './refusal.ts';
import { neighbour, networkClient, serveClient } from './serve-client.ts';
import type { Supervision } from './supervision.ts';

/**
 * Serves until a signal, of which the first lets the running jobs finish and the second ends them; or until nobody has come for so many
 * seconds, 0 for ever: a client who comes later waits in the queue of a socket that the service manager keeps open.
 */
export function serve(
  listening: Listening,
  service: ProvenService,
  supervision: Supervision,
  idleSeconds: number,
): Promise<void> {
  const { lacks } = service.fence;
  const drain = new AbortController();
  const kill = new AbortController();
  const reason = new Refusal('this server is stopping: try another one');
  // Every conversation listens to both.
  setMaxListeners(0, drain.signal, kill.signal);
  return new Promise((resolve) => {
    const finish = (why: string): void => {
      service.log.notice(why);
      supervision.stopping();
      for (const server of listening.servers) server.close();
      drain.abort(reason);
      settle();
    };
    const attendance = new Attendance({
      running: () => service.queue.running,
      waiting: () => service.queue.waiting,
      status: (text) => supervision.status(lacks === undefined ? text : `${text}; ${lacks}`),
      idleMs: idleSeconds === 0 ? undefined : idleSeconds * 1000,
      idle: () => finish(`nobody came for ${idleSeconds} seconds: ending until somebody does`),
    });
    const settle = (): void => {
      if (!drain.signal.aborted || attendance.here > 0) return;
      attendance.close();
      service.clientLog.end();
      resolve();
    };
    acceptConnections(listening.servers, new House(service.capacity.connections), {
      identify: (socket, from) => (from === 'local' ? neighbour(socket) : networkClient(socket, service)),
      serve: (socket, client) => {
        attendance.arrive();
        void serveClient(socket, client, service, { drain: drain.signal, kill: kill.signal }).finally(() => {
          attendance.leave();
          settle();
        });
      },
      refuse: ({ address }) => {
        const text = `too many connections: closed the one of ${address}`;
        service.clientLog.of(address).say('a connection without a place', 'error', text);
      },
    });
    const stop = (signal: NodeJS.Signals): void => {
      if (drain.signal.aborted) {
        service.log.notice(`${signal} again: ending the running jobs`);
        kill.abort(reason);
      } else finish(`${signal}: finishing ${service.queue.running} running jobs, taking no new ones`);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
