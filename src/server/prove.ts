import os from 'node:os';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure, reasonOf } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { readPermittedOptions } from '../compiler/allow-list/judge-words.ts';
import { type DaemonOptions, logLevelNames } from '../config/daemon-options.ts';
import type { Logger } from '../logging/log-line.ts';
import { behindFence, hasFence, tryFence } from '../system/fence.ts';
import { spawn, type Spawn } from '../system/spawn.ts';
import { openSpool, type Spool, sweepSpools } from '../system/temporary-folder.ts';
import type { AccessList } from './access-list.ts';
import { ByteBudget } from './byte-budget.ts';
import { compilerEnvironment } from './compiler-environment.ts';
import type { Service } from './connection.ts';
import { type DaemonLog, openDaemonLog } from './daemon-log.ts';
import { FairQueue } from './fair-queue.ts';
import { JobStatistics } from './job-statistics.ts';
import { chooseLogTarget, type Outlets } from './log-target.ts';
import type { Notices } from './notices.ts';
import { compilerPath, readPermittedCompilers, usualMasqueradeDirs } from './permitted-compilers.ts';

const spoolPrefix = 'distccd-spool-';
const defaultLifetimeMs = 2 * 3600_000;
const deadlines = { receiving: 1800_000, silence: 300_000, waiting: 1800_000, answering: 600_000 };

/** A service of which everything has been tried. */
export interface ProvenService extends Service {
  readonly daemonLog: DaemonLog;
  readonly spool: Spool;
  readonly jobs: number;
}

/** Tries everything that serving needs, as the account that will need it, so that nothing fails with the first job. */
export function prove(
  options: DaemonOptions,
  access: () => AccessList,
  notices: Notices,
  outlets: Outlets,
): ProvenService {
  const searchPath = process.env['DISTCCD_PATH'] ?? process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const compilers = readPermittedCompilers({
    masqueradeDirs: options['masquerade-dir'],
    searchPath,
    commandList: process.env['DISTCC_CMDLIST'],
    commandListWords: readWholeNumber(process.env['DISTCC_CMDLIST_NUMWORDS'] ?? '1', 1, 100) ?? 1,
    everything: options['enable-tcp-insecure'],
  });
  if (options['enable-tcp-insecure']) notices.push('--enable-tcp-insecure: every client may run every program here');
  const daemonLog = openDaemonLog(
    chooseLogTarget(options, notices, outlets),
    logLevelNames[options['log-level']],
    options['log-format'],
  );
  const spool = makeSpool(daemonLog.log);
  const jobs = options.jobs ?? os.availableParallelism() + 2;
  const path = compilerPath(searchPath, [...options['masquerade-dir'], ...usualMasqueradeDirs]);
  return {
    daemonLog,
    log: daemonLog.log,
    jobs,
    spool,
    spawn: apart(options, path, spool, notices),
    access,
    compilers,
    permittedOptions: options['enable-tcp-insecure'] ? 'every option' : readPermittedOptions(options['permit-option']),
    environment: compilerEnvironment(process.env, path),
    lifetimeMs: options['job-lifetime'] === 0 ? defaultLifetimeMs : options['job-lifetime'] * 1000,
    graceMs: 1000,
    queue: new FairQueue(jobs),
    budget: new ByteBudget(Math.min(1024 ** 3, os.totalmem() / 4)),
    deadlines,
    statistics: new JobStatistics(),
  };
}

/**
 * Starts compilers that get at no other job's files, where that can be had. Whether it can is tried where that does not cost each client
 * a process; whoever may run every program needs no fence.
 */
function apart(options: DaemonOptions, path: readonly string[], spool: Spool, notices: Notices): Spawn {
  if (process.platform !== 'linux' || options['enable-tcp-insecure']) return spawn;
  const fault = options.inetd ? undefined : tryIn(spool);
  if (fault !== undefined) notices.push(`a compiler could get at the files of other jobs: ${fault.obstacle}`);
  return hasFence && fault?.usable !== false ? behindFence(spawn, process.cwd(), path) : spawn;
}

function tryIn(spool: Spool): ReturnType<typeof tryFence> {
  const folder = spool.lend();
  try {
    return tryFence(folder);
  } finally {
    spool.takeBack(folder);
  }
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
