import { exitStatus } from '../basics/exit-status.ts';
import type { ExitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { systemReason } from '../system/error-text.ts';
import { makePrivateFolder } from '../system/files/private-folder.ts';
import { keepDescriptors } from '../system/processes/inheritance.ts';
import { nameProcess } from '../system/processes/process-name.ts';
import { pathsOfSocket } from './listen/resident-paths.ts';
import type { ResidentPaths } from './listen/resident-paths.ts';
import { listenAsResident } from './listen/resident-socket.ts';
import type { ResidentListening } from './listen/resident-socket.ts';
import type { Notices } from './log/startup-notices.ts';
import { serve } from './serve.ts';
import { assembleService } from './start/assemble-service.ts';
import type { AssembledService } from './start/assemble-service.ts';
import { reportStart } from './start/detach.ts';
import { limitLifetime } from './start/lower-priority.ts';
import { describeTrees } from './start/open-trees.ts';
import { readAccess } from './start/read-access.ts';
import { noteLack, noteListening } from './start/start-resident.ts';

/** How often, in ms, a resident daemon checks that it can still be found. */
const lookPeriod = 10_000;

/**
 * A daemon that serves what processes of the same account pass on to it, which sshd has started; they have judged the
 * client's address. It has inherited its account and its priority from one of them. Returns the exit status.
 */
export async function runResident(options: DaemonOptions, socket: string): Promise<ExitStatus> {
  keepDescriptors();
  nameProcess('distccd');
  let status: ExitStatus = exitStatus.ok;
  try {
    const paths = pathsOfSocket(socket);
    makePrivateFolder(paths.folder);
    const notices: Notices = [];
    const access = readAccess(options, []);
    const service = assembleService({ ...options, inetd: false }, () => access, notices, {
      stderr: 'a detached daemon has no stderr',
      rootsForAll: true,
    });
    for (const notice of notices) service.log.info(notice);
    try {
      await live(options, paths, service);
    } finally {
      await service.remove();
    }
  } catch (error) {
    status = error instanceof Failure ? error.status : exitStatus.general;
    throw error;
  } finally {
    reportStart(process.env, { status, lines: [] });
  }
  return status;
}

async function live(options: DaemonOptions, paths: ResidentPaths, service: AssembledService): Promise<void> {
  const { log, ownFiles } = service;
  if (ownFiles.kind === 'lacking') {
    noteLack(paths.note, ownFiles.lacks);
    log.notice(`not staying for the next jobs over ssh: ${describeTrees(ownFiles)}`);
    return;
  }
  const listening = await listenAsResident(paths);
  // Two were started at once.
  if (listening === undefined) return;
  const look = setInterval(() => {
    if (!listening.isFound()) end();
  }, lookPeriod);
  try {
    noteListening(paths.note);
    const life = serve(listening, service, reportsOf(listening), options.resident);
    process.on('SIGHUP', end);
    limitLifetime(options.lifetime, log);
    log.notice(`serving jobs over ssh through ${listening.addresses.join(', ')}; ${describeTrees(ownFiles)}`);
    reportStart(process.env, { status: exitStatus.ok, lines: [] });
    await life;
    log.notice('ended');
  } catch (error) {
    log.error(systemReason(error));
    throw error;
  } finally {
    clearInterval(look);
    listening.leave();
  }
}

/** Finishes the jobs that are here: another daemon serves the next ones. */
const end = (): void => void process.kill(process.pid, 'SIGTERM');

/** There is no service manager to be told anything; but whoever comes now must not find a socket that is closed. */
const reportsOf = (listening: ResidentListening): Parameters<typeof serve>[2] => ({
  ready: () => {},
  status: () => {},
  reloading: (work) => work(),
  stopping: () => listening.leave(),
  end: () => {},
});
