import { errorCode } from '../error-text.ts';
import { findProgram } from '../files/path-search.ts';
import { environmentTexts, posix } from '../posix.ts';
import type { Identity } from './privileges.ts';

/** The variable that tells libuv not to use io_uring, whose kernel threads keep the rights they were started with. */
const ringVariable = 'UV_USE_IO_URING';

/**
 * Whether this Node refuses to change accounts. One that is built with the system's libuv, such as Debian 13's, cannot
 * know whether io_uring is in use, and so refuses setgroups, setgid and setuid (CVE-2024-22017). Only root can find
 * that out.
 */
export function refusesToChangeAccounts(): boolean {
  try {
    process.setgroups?.(process.getgroups?.() ?? []);
    return false;
  } catch (error) {
    return errorCode(error) === 'ERR_INVALID_STATE';
  }
}

/** The supplementary groups, without the effective one, which Node adds to the list. */
const otherGroups = (): number[] => (process.getgroups?.() ?? []).filter((group) => group !== process.getegid?.());

/**
 * Restarts this process, still as root, by setpriv(1), with one group and without io_uring: there is no other way to
 * give up groups here. Returns when that has been done already, or cannot be done.
 */
export function startAnewWithGroup(group: number): void {
  if (process.env[ringVariable] === '0' && otherGroups().every((other) => other === group)) return;
  const setpriv = findProgram('setpriv', { path: '/usr/bin:/bin', directory: '/' });
  if (setpriv === undefined || posix.execve === undefined) return;
  keepGivenSockets();
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const environment = environmentTexts({ ...process.env, [ringVariable]: '0' });
  posix.execve(setpriv, ['setpriv', `--groups=${group}`, ...self], environment);
}

/**
 * Lets the restarted process inherit the service manager's sockets. It has the same process id, so they are still its
 * own.
 */
function keepGivenSockets(): void {
  const count = Number(process.env['LISTEN_FDS'] ?? 0);
  for (let descriptor = 3; descriptor < 3 + count; descriptor += 1) posix.set_inheritable?.(descriptor, true);
}

/**
 * An identity that changes accounts by the C library's own calls, which apply to every thread, where Node refuses to.
 */
export function identityPastNode(own: Identity): Identity {
  const { setresgid, setresuid } = posix;
  if (setresgid === undefined || setresuid === undefined || process.env[ringVariable] !== '0') return own;
  return {
    ...own,
    setgroups: (groups) => {
      // Node does the rest, which is nothing after a restart, and the attempt to become root again.
      if (own.getuid() !== 0 || !otherGroups().every((group) => groups.includes(group))) own.setgroups(groups);
    },
    setgid: (group) => setresgid(group, group, group),
    setuid: (user) => setresuid(user, user, user),
  };
}
