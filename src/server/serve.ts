import { setMaxListeners } from 'node:events';
import { IdleExit } from './listen/idle-exit.ts';
import { acceptConnections } from './listen/bind.ts';
import type { Listening } from './listen/bind.ts';
import { Draining } from './listen/draining.ts';
import { OpenConnections } from './limits/open-connections.ts';
import type { AssembledService } from './start/assemble-service.ts';
import { Refusal } from './policy/refusal.ts';
import { localClient, networkClient, serveClient } from './listen/serve-client.ts';
import type { ManagerReports } from './start/service-manager.ts';

/**
 * Serves until a signal: the first one lets the present clients be served, a second one ends all jobs. Or until no
 * client has come for `idleSeconds` (0 for never): later clients wait in the queue of a socket that the service manager
 * keeps open.
 */
export function serve(
  listening: Listening,
  service: AssembledService,
  manager: ManagerReports,
  idleSeconds: number,
): Promise<void> {
  const { lacks } = service.fence;
  const drain = new AbortController();
  const kill = new AbortController();
  const draining = new Draining();
  const reason = new Refusal('stopping', 'this server is stopping: try another one');
  // Every conversation adds a listener to both.
  setMaxListeners(0, drain.signal, kill.signal);
  return new Promise((resolve) => {
    const finish = (why: string): void => {
      for (const server of listening.servers) server.close();
      service.log.notice(why);
      manager.stopping();
      draining.begin(() => drain.abort(reason));
      settle();
    };
    const idleExit = new IdleExit({
      running: () => service.queue.running,
      waiting: () => service.queue.waiting,
      status: (text) => manager.status(lacks === undefined ? text : `${text}; ${lacks}`),
      idleMs: idleSeconds === 0 ? undefined : idleSeconds * 1000,
      idle: () => finish(`nobody came for ${idleSeconds} seconds: ending until somebody does`),
    });
    const settle = (): void => {
      if (!draining.begun || idleExit.here > 0) return;
      draining.end();
      idleExit.close();
      service.clientLog.end();
      resolve();
    };
    acceptConnections(listening, new OpenConnections(service.capacity.connections), {
      identify: (socket, from) => (from === 'local' ? localClient(socket) : networkClient(socket, service)),
      serve: (socket, client) => {
        idleExit.arrive();
        draining.arrive(socket);
        void serveClient(socket, client, service, { drain: drain.signal, kill: kill.signal }).finally(() => {
          idleExit.leave();
          draining.leave(socket);
          settle();
        });
      },
      refuse: ({ address, name }) => {
        const text = `too many connections: closed the one of ${name}`;
        service.clientLog.of(address).say('a connection beyond the limit', 'error', text);
        service.board.refuse('too_many_connections', address, text, Date.now());
      },
    });
    const stop = (signal: NodeJS.Signals): void => {
      if (draining.begun) {
        service.log.notice(`${signal} again: ending the running jobs`);
        kill.abort(reason);
      } else {
        const { running, waiting } = service.queue;
        finish(`${signal}: finishing ${running} running and ${waiting} waiting jobs, taking no new ones`);
      }
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
