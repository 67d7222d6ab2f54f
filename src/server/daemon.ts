import { isatty } from 'node:tty';
import { systemReason } from '../system/error-text.ts';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { takeGivenDescriptors } from '../system/descriptors/given-descriptors.ts';
import type { GivenDescriptor } from '../system/descriptors/given-descriptors.ts';
import { keepDescriptors } from '../system/processes/inheritance.ts';
import { nameProcess } from '../system/processes/process-name.ts';
import { findServiceManager } from '../system/service-manager/sd-notify.ts';
import { readAccess, readReaders } from './start/read-access.ts';
import { adoptSockets, journalAmong, needsActivation, socketsToServe, statsSockets } from './listen/systemd-sockets.ts';
import { bindSockets } from './listen/bind.ts';
import type { Listening } from './listen/bind.ts';
import { isDetached, reportStart, startDetached } from './start/detach.ts';
import { openPidFile, removePidFile, removeUnusedPidFile } from './start/pid-file.ts';
import type { Notices } from './log/startup-notices.ts';
import { assembleService } from './start/assemble-service.ts';
import type { AssembledService } from './start/assemble-service.ts';
import { describeTrees } from './start/open-trees.ts';
import { limitLifetime, lowerPriority } from './start/lower-priority.ts';
import { becomeServingAccount } from './start/drop-privileges.ts';
import { serve } from './serve.ts';
import { openStats, serveStats } from './metrics/serve-stats.ts';
import { reportToManager } from './start/service-manager.ts';
import type { ManagerReports } from './start/service-manager.ts';
import { announceService } from './announce/avahi.ts';
import { Configuration } from './reload.ts';

/**
 * A standalone daemon from start to end, in an order that matters: detach → bind, or take the service manager's sockets
 * → drop privileges → try everything → serve → drain. Root's rights end before the first byte from the network is read.
 * Returns the exit status.
 */
export async function runDaemon(options: DaemonOptions, words: readonly string[]): Promise<number> {
  keepDescriptors();
  const given = takeGivenDescriptors(process.env);
  // The service manager gave its sockets to this process and watches it, so it must not detach.
  const stays = options['no-detach'] || given.length > 0 || isDetached(process.env);
  if (!stays) return startAndReport(options, words);
  try {
    return await live(options, words, given);
  } catch (error) {
    const status = error instanceof Failure ? error.status : exitStatus.general;
    reportStart(process.env, { status, lines: [`ERROR: ${systemReason(error)}`] });
    throw error;
  }
}

async function startAndReport(options: DaemonOptions, words: readonly string[]): Promise<number> {
  const report = await startDetached(words);
  if (report.status !== exitStatus.ok && options['pid-file'] !== undefined) removeUnusedPidFile(options['pid-file']);
  for (const line of report.lines) process.stderr.write(`distccd: ${line}\n`);
  return report.status;
}

async function live(
  options: DaemonOptions,
  words: readonly string[],
  given: readonly GivenDescriptor[],
): Promise<number> {
  nameProcess('distccd');
  const notices: Notices = [];
  const manager = findServiceManager(given, process.env);
  const sockets = socketsToServe(given);
  const activated = sockets.length > 0;
  const counters = statsSockets(given);
  if ((options['idle-exit'] > 0 || counters.length > 0) && !activated) throw needsActivation(process.env);
  const access = readAccess(options, notices);
  const readers = readReaders(options, notices);
  const listening = activated ? await adoptSockets(sockets, options) : await bindSockets(options.listen, options.port);
  let stats: Awaited<ReturnType<typeof openStats>> = [];
  try {
    stats = await openStats(options, counters);
    const writePid = options['pid-file'] === undefined ? undefined : openPidFile(options['pid-file']);
    lowerPriority(options, notices);
    becomeServingAccount(options, notices);
    const configuration = new Configuration(words, options, access, readers);
    const stderr = isDetached(process.env) ? 'a detached daemon has no stderr' : 'any';
    const service = assembleService(options, () => configuration.access, notices, {
      stderr,
      journal: journalAmong(given),
    });
    serveStats(stats, { service, readers: () => configuration.readers ?? configuration.access });
    const reports = reportToManager(manager);
    const life = serve(listening, service, reports, options['idle-exit']);
    reloadOnHangup(configuration, service, reports);
    writePid?.();
    limitLifetime(options.lifetime, service.log);
    announce(service, listening, notices);
    const withdraw = options.zeroconf
      ? announceService({ ...options, jobs: service.jobs }, service.log, process.env)
      : undefined;
    reports.ready();
    await life;
    withdraw?.();
    reports.end();
    await service.remove();
    if (options['pid-file'] !== undefined) removePidFile(options['pid-file']);
    service.log.notice('ended');
    return exitStatus.ok;
  } catch (error) {
    // Open sockets would keep the process alive, and clients waiting.
    for (const server of [...listening.servers, ...stats]) server.close();
    throw error;
  }
}

/** Reports what is served, in the log and to the waiting starter. */
function announce({ log, access, jobs, ownFiles }: AssembledService, listening: Listening, notices: Notices): void {
  notices.push(...listening.warnings);
  for (const notice of notices) log.warning(notice);
  log.info(`serving ${access().networks.join(', ')}`);
  log.info(`allowing up to ${jobs} active jobs`);
  log.notice(describeTrees(ownFiles));
  for (const address of listening.addresses) log.notice(`listening on ${address}`);
  reportStart(process.env, { status: exitStatus.ok, lines: notices.map((notice) => `Warning: ${notice}`) });
}

/**
 * Has SIGHUP reload the configuration. A daemon with its log in a terminal ends on SIGHUP instead, as programs in the
 * foreground do.
 */
function reloadOnHangup(configuration: Configuration, service: AssembledService, reports: ManagerReports): void {
  const inTerminal = isatty(2);
  process.on('SIGHUP', () => {
    if (inTerminal && !isatty(2)) {
      process.kill(process.pid, 'SIGTERM');
      return;
    }
    reports.reloading(() => configuration.reload(service));
  });
}
