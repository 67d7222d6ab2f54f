import { setMaxListeners } from 'node:events';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure, reasonOf } from '../basics/failure.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { keepDescriptors } from '../system/inheritance.ts';
import type { AccessList } from './access-list.ts';
import { readAccess } from './access-source.ts';
import { acceptConnections, bindSockets, type Listening } from './bind.ts';
import { serveConnection } from './connection.ts';
import type { DaemonLog } from './daemon-log.ts';
import { isDetached, reportStart, startDetached } from './detach.ts';
import { openPidFile, removePidFile } from './pid-file.ts';
import { type Notices, prove, type ProvenService } from './prove.ts';
import { Refusal } from './refusal.ts';
import { limitLifetime, restrain } from './self-restraint.ts';
import { becomeServant } from './servant.ts';

const connectionLimits = { total: 1024, perAddress: 512 };

/**
 * The life of a standalone daemon, in the order that matters: options are read, then detach → bind → drop → prove → serve → drain.
 * Root's rights end before the first byte from the network is read. Returns the exit status.
 */
export async function runDaemon(options: DaemonOptions, words: readonly string[]): Promise<number> {
  keepDescriptors();
  if (!options['no-detach'] && !isDetached(process.env)) return startAndReport(words);
  try {
    return await live(options);
  } catch (error) {
    const status = error instanceof Failure ? error.status : exitStatus.general;
    reportStart(process.env, { status, lines: [`ERROR: ${reasonOf(error)}`] });
    throw error;
  }
}

async function startAndReport(words: readonly string[]): Promise<number> {
  const report = await startDetached(words);
  for (const line of report.lines) process.stderr.write(`distccd: ${line}\n`);
  return report.status;
}

async function live(options: DaemonOptions): Promise<number> {
  const notices: Notices = [];
  if (options['idle-exit'] > 0) throw needsActivation();
  let access = readAccess(options, notices);
  const listening = await bindSockets(options.listen, options.port);
  try {
    const writePid = options['pid-file'] === undefined ? undefined : openPidFile(options['pid-file']);
    restrain(options, notices);
    becomeServant(options, notices);
    const service = prove(options, () => access, notices);
    const life = serve(listening, service);
    process.on('SIGHUP', () => {
      access = reload(options, access, service.daemonLog);
    });
    writePid?.();
    limitLifetime(options.lifetime, service.log);
    announce(service, listening, notices);
    await life;
    service.spool.remove();
    if (options['pid-file'] !== undefined) removePidFile(options['pid-file']);
    service.log.notice('ended');
    return exitStatus.ok;
  } catch (error) {
    // An open socket would keep the process alive, and clients waiting.
    for (const server of listening.servers) server.close();
    throw error;
  }
}

const needsActivation = (): Failure =>
  new Failure(
    exitStatus.badArguments,
    '--idle-exit needs a service manager that holds the sockets and starts distccd again: leave it out, or enable distccd.socket',
  );

/** Says what is served, in the log and to the waiting starter. */
function announce({ log, access, jobs }: ProvenService, listening: Listening, notices: Notices): void {
  notices.push(...listening.warnings);
  for (const notice of notices) log.warning(notice);
  log.info(`serving ${access().networks.join(', ')}`);
  log.info(`allowing up to ${jobs} active jobs`);
  for (const place of listening.places) log.notice(`listening on ${place}`);
  reportStart(process.env, { status: exitStatus.ok, lines: notices.map((notice) => `Warning: ${notice}`) });
}

/** SIGHUP: running jobs notice nothing; a file that has become unreadable or wrong leaves the old list in force. */
function reload(options: DaemonOptions, current: AccessList, { log, reopen }: DaemonLog): AccessList {
  try {
    reopen();
    const notices: Notices = [];
    const access = readAccess(options, notices);
    for (const notice of notices) log.warning(notice);
    log.notice(`read the configuration again: serving ${access.networks.join(', ')}`);
    return access;
  } catch (error) {
    log.error(`${reasonOf(error)}; keeping what was in force`);
    return current;
  }
}

/** Serves until a signal: the first finishes the running jobs, the second ends them. */
function serve(listening: Listening, service: ProvenService): Promise<void> {
  const drain = new AbortController();
  const kill = new AbortController();
  const conversations = new Set<Promise<void>>();
  // Every conversation listens to both.
  setMaxListeners(0, drain.signal, kill.signal);
  return new Promise((resolve) => {
    const settle = (): void => {
      if (drain.signal.aborted && conversations.size === 0) resolve();
    };
    acceptConnections(
      listening.servers,
      connectionLimits,
      (socket) => {
        const conversation = serveConnection(socket, service, { drain: drain.signal, kill: kill.signal });
        conversations.add(conversation);
        void conversation.finally(() => {
          conversations.delete(conversation);
          settle();
        });
      },
      (socket) =>
        service.log.error(`too many connections: closed the one of ${socket.remoteAddress ?? 'an unknown address'}`),
    );
    const stop = (signal: NodeJS.Signals): void => {
      const reason = new Refusal('this server is stopping: try another one');
      if (drain.signal.aborted) {
        service.log.notice(`${signal} again: ending the running jobs`);
        kill.abort(reason);
        return;
      }
      service.log.notice(`${signal}: finishing ${service.queue.running} running jobs, taking no new ones`);
      for (const server of listening.servers) server.close();
      drain.abort(reason);
      settle();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
