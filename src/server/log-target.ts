import { fstatSync, statSync } from 'node:fs';
import type { DaemonOptions } from '../config/daemon-options.ts';
import type { LogTarget } from './daemon-log.ts';
import type { Notices } from './prove.ts';

/** Why nothing can be logged to stderr; undefined when it can. */
export type StderrLoss = 'a detached daemon has no stderr' | 'stderr is the connection here' | undefined;

/** Where syslog listens: Linux, BSD, and journald without its links. */
const syslogSockets = ['/dev/log', '/var/run/log', '/run/systemd/journal/dev-log'];

const hasSyslog = (): boolean =>
  syslogSockets.some((path) => statSync(path, { throwIfNoEntry: false })?.isSocket() === true);

/** Whether stderr is the stream to the journal that the service manager made (systemd.exec(5), JOURNAL_STREAM). */
function isJournal(stream: string | undefined, stderr: { readonly dev: number; readonly ino: number }): boolean {
  return stream === `${stderr.dev}:${stderr.ino}`;
}

function writesToJournal(): boolean {
  try {
    return isJournal(process.env['JOURNAL_STREAM'], fstatSync(2));
  } catch {
    return false;
  }
}

/** The target by the options; without any, the journal where we are connected to it, else syslog, else stderr, if there is one. */
export function chooseLogTarget(options: DaemonOptions, notices: Notices, loss: StderrLoss): LogTarget {
  const journal = loss === undefined && writesToJournal();
  if (options['log-stderr']) {
    if (loss === undefined) return { to: journal ? 'journal' : 'stderr' };
    notices.push(`--log-stderr is ignored, since ${loss}: logging to syslog`);
  } else if (options['log-file'] !== undefined) return { to: 'file', path: options['log-file'] };
  if (journal) return { to: 'journal' };
  if (hasSyslog()) return { to: 'syslog' };
  const cure = 'name a file with --log-file';
  if (loss === undefined) {
    notices.push(`this system has no syslog: logging to stderr; ${cure}, or say --log-stderr`);
    return { to: 'stderr' };
  }
  notices.push(`this system has no syslog and ${loss}: nothing is logged; ${cure}`);
  return { to: 'nowhere' };
}
