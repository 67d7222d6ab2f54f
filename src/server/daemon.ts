import { readFileSync } from 'node:fs';
import os from 'node:os';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure, reasonOf } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { type DaemonOptions, logLevelNames } from '../config/daemon-options.ts';
import type { Logger } from '../logging/logger.ts';
import { type Account, findAccount, firstAccount } from '../system/accounts.ts';
import { dropPrivileges, processIdentity } from '../system/privileges.ts';
import { keepDescriptors } from '../system/inheritance.ts';
import { spawn } from '../system/spawn.ts';
import { openSpool, type Spool, sweepSpools } from '../system/temporary-folder.ts';
import { type AccessList, namesNobody, parseAccessList } from './access-list.ts';
import { acceptConnections, bindSockets, type Listening } from './bind.ts';
import { ByteBudget } from './byte-budget.ts';
import { compilerEnvironment } from './compiler-environment.ts';
import { type Service, serveConnection } from './connection.ts';
import { type DaemonLog, type LogTarget, openDaemonLog } from './daemon-log.ts';
import { isDetached, reportStart, startDetached } from './detach.ts';
import { FairQueue } from './fair-queue.ts';
import { compilerPath, readPermittedCompilers, usualMasqueradeDirs } from './permitted-compilers.ts';
import { openPidFile, removePidFile } from './pid-file.ts';
import { Refusal } from './refusal.ts';

const spoolPrefix = 'distccd-';
const defaultLifetimeMs = 2 * 3600_000;
const deadlines = { receiving: 1800_000, silence: 300_000, waiting: 1800_000, answering: 600_000 };
const connectionLimits = { total: 1024, perAddress: 512 };

/** What the start found out and the administrator should read. */
type Notices = string[];

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
  let access = readAccess(options, notices);
  const listening = await bindSockets(options.listen, options.port);
  try {
    const writePid = options['pid-file'] === undefined ? undefined : openPidFile(options['pid-file']);
    lowerPriority(options.nice, notices);
    becomeServant(options, notices);
    const service = prove(options, () => access, notices);
    const life = serve(listening, service);
    process.on('SIGHUP', () => {
      access = reload(options, access, service.daemonLog);
    });
    writePid?.();
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

/** Says what is served, in the log and to the waiting starter. */
function announce({ log, access, jobs }: ProvenService, listening: Listening, notices: Notices): void {
  notices.push(...listening.warnings);
  for (const notice of notices) log.warning(notice);
  log.info(`serving ${access().networks.join(', ')}`);
  log.info(`allowing up to ${jobs} active jobs`);
  for (const place of listening.places) log.notice(`listening on ${place}`);
  reportStart(process.env, { status: exitStatus.ok, lines: notices.map((notice) => `Warning: ${notice}`) });
}

const readAllowFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(
      exitStatus.badArguments,
      `cannot read the allow file "${path}": ${reasonOf(error)}; correct --allow @${path}`,
    );
  }
};

function readAccess(options: DaemonOptions, notices: Notices): AccessList {
  const source = { entries: options.allow, readFile: readAllowFile, allowPrivate: options['allow-private'] };
  const access = parseAccessList(source);
  notices.push(...access.warnings);
  if (namesNobody(source))
    notices.push(`no --allow option: serving private networks only (${access.networks.join(', ')})`);
  return access;
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

function lowerPriority(nice: number, notices: Notices): void {
  try {
    os.setPriority(Math.min(os.getPriority() + nice, 19));
  } catch (error) {
    notices.push(`cannot lower the priority by ${nice}: ${reasonOf(error)}; compilers run at the normal one`);
  }
}

/** Root becomes the account that serves, for good; anybody else stays who they are. */
function becomeServant(options: DaemonOptions, notices: Notices): void {
  const identity = processIdentity();
  if (identity.getuid() !== 0) {
    if (options.user !== undefined) notices.push('--user is ignored when distccd is not run by root');
    return;
  }
  dropPrivileges(identity, chooseAccount(options.user));
}

function chooseAccount(user: string | undefined): Account {
  const account = user === undefined ? firstAccount(['distcc', 'nobody']) : findAccount(user);
  if (account !== undefined) return account;
  const missing = user === undefined ? 'neither an account "distcc" nor "nobody"' : `no account "${user}"`;
  throw new Failure(exitStatus.privileges, `there is ${missing}: name an existing one with --user`);
}

interface ProvenService extends Service {
  readonly daemonLog: DaemonLog;
  readonly spool: Spool;
  readonly jobs: number;
}

function logTarget(options: DaemonOptions, notices: Notices): LogTarget {
  if (options['log-stderr'] && isDetached(process.env)) {
    notices.push('--log-stderr needs --no-detach, since a detached daemon has no stderr: logging to syslog');
    return { to: 'syslog' };
  }
  if (options['log-stderr']) return { to: 'stderr' };
  return options['log-file'] === undefined ? { to: 'syslog' } : { to: 'file', path: options['log-file'] };
}

/** Tries everything that serving needs, as the account that will need it, so that nothing fails with the first job. */
function prove(options: DaemonOptions, access: () => AccessList, notices: Notices): ProvenService {
  const searchPath = process.env['DISTCCD_PATH'] ?? process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const compilers = readPermittedCompilers({
    masqueradeDirs: options['masquerade-dir'],
    searchPath,
    commandList: process.env['DISTCC_CMDLIST'],
    commandListWords: readWholeNumber(process.env['DISTCC_CMDLIST_NUMWORDS'] ?? '1', 1, 100) ?? 1,
    everything: options['enable-tcp-insecure'],
  });
  if (options['enable-tcp-insecure']) notices.push('--enable-tcp-insecure: every client may run every program here');
  const daemonLog = openDaemonLog(logTarget(options, notices), logLevelNames[options['log-level']]);
  const spool = makeSpool(daemonLog.log);
  const jobs = options.jobs ?? os.cpus().length + 2;
  const masks = [...options['masquerade-dir'], ...usualMasqueradeDirs];
  return {
    daemonLog,
    log: daemonLog.log,
    jobs,
    spool,
    spawn,
    access,
    compilers,
    everythingPermitted: options['enable-tcp-insecure'],
    environment: compilerEnvironment(process.env, compilerPath(searchPath, masks)),
    lifetimeMs: options['job-lifetime'] === 0 ? defaultLifetimeMs : options['job-lifetime'] * 1000,
    graceMs: 1000,
    queue: new FairQueue(jobs),
    budget: new ByteBudget(Math.min(1024 ** 3, os.totalmem() / 4)),
    deadlines,
  };
}

function makeSpool(log: Logger): Spool {
  const directory = process.env['TMPDIR'] || '/tmp';
  try {
    process.chdir(directory);
    const swept = sweepSpools(directory, spoolPrefix);
    if (swept.length > 0) log.notice(`removed what a daemon that did not end properly left: ${swept.join(', ')}`);
    return openSpool(directory, spoolPrefix);
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `cannot use the temporary directory "${directory}": ${reasonOf(error)}; set TMPDIR to one that the account may write`,
    );
  }
}

/** Serves until a signal: the first finishes the running jobs, the second ends them. */
function serve(listening: Listening, service: ProvenService): Promise<void> {
  const drain = new AbortController();
  const kill = new AbortController();
  const conversations = new Set<Promise<void>>();
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
