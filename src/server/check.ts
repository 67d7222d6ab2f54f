import { existsSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Failure } from '../basics/failure.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import type { FenceKind } from '../system/fence/fence.ts';
import { describeReaders, readAccess, readReaders } from './start/read-access.ts';
import { bindSockets } from './listen/bind.ts';
import { describeCapacity } from './limits/capacity.ts';
import { listCompilers } from './start/list-compilers.ts';
import { openPidFile } from './start/pid-file.ts';
import type { Notices } from './log/startup-notices.ts';
import { assembleService } from './start/assemble-service.ts';
import { describeTrees } from './start/open-trees.ts';
import type { TreesFound } from './start/open-trees.ts';
import { lowerPriority } from './start/lower-priority.ts';
import { becomeServingAccount } from './start/drop-privileges.ts';
import { bindStats } from './metrics/serve-stats.ts';

/**
 * Does the steps of a start, in their order, without serving. Returns the report for the administrator, line by line.
 * @throws Failure with the sentence and the status with which the start would fail
 */
export async function checkDaemon(options: DaemonOptions): Promise<string[]> {
  const notices: Notices = [];
  const access = readAccess(options, notices);
  const readers = readReaders(options, notices) ?? access;
  const places = await placesOf(options);
  if (options.stats && !options.inetd) places.push(...(await tryStats(options)));
  const pidFile = options['pid-file'];
  if (pidFile !== undefined) withoutTrace(pidFile, () => void openPidFile(pidFile));
  lowerPriority(options, notices);
  const isRoot = process.getuid?.() === 0;
  becomeServingAccount(options, notices);
  const stderr = options.inetd || options['no-detach'] ? 'any' : 'a detached daemon has no stderr';
  const service = withoutTrace(options['log-file'], () => assembleService(options, () => access, notices, { stderr }));
  await service.remove();
  const compilers = listCompilers(options, service.compilers, process.env);
  return [
    ...places.map((place) => `serves: ${place}`),
    `to: ${access.networks.join(', ')}`,
    ...(options.stats && !options.inetd ? [describeReaders(readers)] : []),
    `as: ${nameOfAccount()}`,
    `compilers: ${compilers}`,
    `options: ${describeOptions(options)}`,
    `at a time: ${options.inetd ? 1 : service.jobs}`,
    `memory: ${describeCapacity(service.capacity)}`,
    `temporary files: ${process.cwd()}`,
    `fence: ${fences[service.fence.kind]}`,
    describeTrees(service.ownFiles),
    `results: ${describeResults(service.ownFiles)}`,
    `log: ${describeLog(options)}`,
    ...notices.map((notice) => `warning: ${notice}`),
    ...(isRoot
      ? []
      : ['not checked: what root would find and become; everything was tried as this account, as a start by it would']),
  ];
}

/** Whether results are kept. */
const describeResults = (found: TreesFound): string =>
  found.kind === 'offered' && found.results !== undefined ? `kept, ${found.results.says}` : 'none are kept';

/** Lines about what keeps jobs apart. */
const fences: Readonly<Record<FenceKind, string>> = {
  root: 'each job has a root of its own',
  files: 'each job has its own files, and the rest of the machine',
  none: 'none',
};

/** Runs a step, and removes the file that it made. */
function withoutTrace<T>(path: string | undefined, attempt: () => T): T {
  const existed = path === undefined || existsSync(path);
  const result = attempt();
  if (!existed && path !== undefined) rmSync(path, { force: true });
  return result;
}

/** The name of this account. In a private root directory its number may have no name. */
function nameOfAccount(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}, which has no name here`;
  }
}

async function placesOf(options: DaemonOptions): Promise<string[]> {
  if (options.inetd) return ['one client, on stdin and stdout'];
  return options['idle-exit'] > 0 ? ['the sockets that the service manager holds'] : tryAddresses(options);
}

async function tryAddresses(options: DaemonOptions): Promise<string[]> {
  try {
    const { servers, addresses, warnings } = await bindSockets(options.listen, options.port);
    for (const server of servers) server.close();
    return [...addresses, ...warnings];
  } catch (error) {
    return [sayTaken(error, options.port)];
  }
}

async function tryStats(options: DaemonOptions): Promise<string[]> {
  try {
    for (const server of await bindStats(options)) server.close();
    return [`statistics, on port ${options['stats-port']}`];
  } catch (error) {
    return [`statistics, on ${sayTaken(error, options['stats-port'])}`];
  }
}

/** The line about a port in use, which is not an error: usually the daemon that is to be restarted listens there. */
function sayTaken(error: unknown, port: number): string {
  if (codeBelow(error) !== 'EADDRINUSE') throw error;
  return `port ${port}, which is taken now: by the daemon that runs, or by a program that has to stop first`;
}

/** The code of the system error that caused a failure. */
function codeBelow(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return error instanceof Failure ? codeBelow(error.cause) : 'code' in error ? error.code : undefined;
}

/** The compiler options that clients may use, in one line. */
export function describeOptions(options: DaemonOptions): string {
  if (options['enable-tcp-insecure']) return 'every option';
  return ['the allow list (--show-policy prints it)', ...new Set(options['permit-option'])].join(', ');
}

function describeLog(options: DaemonOptions): string {
  const level = `${options['log-level']} and worse`;
  if (options['log-stderr'] && options['no-detach']) return `stderr, ${level}`;
  return `${options['log-file'] === undefined || options['log-stderr'] ? 'syslog' : options['log-file']}, ${level}`;
}
