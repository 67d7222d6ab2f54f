import { fstatSync, statSync } from 'node:fs';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { openJournal } from '../../system/service-manager/journal.ts';
import type { LogTarget } from './daemon-log.ts';
import type { Notices } from './startup-notices.ts';

/**
 * Whether the log may go to stderr: always; only with `--log-stderr`, since over ssh the client's user reads it; or the
 * reason why it cannot.
 */
export type StderrUse = 'any' | 'on request' | 'a detached daemon has no stderr' | 'stderr is the connection here';

/** Where this process can write its log. */
export interface Outlets {
  readonly stderr: StderrUse;
  /** The descriptor of the journal that the service manager opened. */
  readonly journal?: number | undefined;
}

/** Where syslog listens: on Linux, on BSD, and journald itself. */
const syslogSockets = ['/dev/log', '/var/run/log', '/run/systemd/journal/dev-log'];

/** Whether a path is a socket. One that this account may not see cannot be written to either. */
function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

const hasSyslog = (): boolean => syslogSockets.some(isSocket);

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

/**
 * The target that the options name; without any, the journal if stderr is connected to it, else syslog, else stderr if
 * there is one.
 */
export function chooseLogTarget(
  options: DaemonOptions,
  notices: Notices,
  { stderr, journal: given }: Outlets,
): LogTarget {
  const writable = stderr === 'any' || stderr === 'on request';
  const journal = writable && writesToJournal();
  if (options['log-stderr']) {
    if (writable) return journal ? { to: 'journal', journal: openJournal(given) } : { to: 'stderr' };
    notices.push(`--log-stderr is ignored, since ${stderr}: logging to syslog`);
  } else if (options['log-file'] !== undefined) return { to: 'file', path: options['log-file'] };
  if (journal) return { to: 'journal', journal: openJournal(given) };
  if (hasSyslog()) return { to: 'syslog' };
  const cure = 'name a file with --log-file';
  if (stderr === 'any') {
    notices.push(`this system has no syslog: logging to stderr; ${cure}, or say --log-stderr`);
    return { to: 'stderr' };
  }
  notices.push(`this system has no syslog${writable ? '' : ` and ${stderr}`}: nothing is logged; ${cure}`);
  return { to: 'nowhere' };
}
