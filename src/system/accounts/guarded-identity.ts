import { errorCode } from '../error-text.ts';
import { findProgram } from '../files/path-search.ts';
import { environmentTexts, posix } from '../posix.ts';
import type { Identity } from './privileges.ts';

/**
 * The variable by which libuv is told to have no threads of the kernel work for it: they keep the rights they were
 * started with.
 */
const ringVariable = 'UV_USE_IO_URING';

/**
 * Whether this Node refuses to change accounts. One that is built with the system's libuv, such as Debian 13's, cannot
 * know whether io_uring is in use, and then says no to all of setgroups, setgid and setuid (CVE-2024-22017). Only root
 * may ask.
 */
export function refusesToChangeAccounts(): boolean {
  try {
    process.setgroups?.(process.getgroups?.() ?? []);
    return false;
  } catch (error) {
    return errorCode(error) === 'ERR_INVALID_STATE';
  }
}

/** The groups besides the effective one, which Node adds to the list. */
const otherGroups = (): number[] => (process.getgroups?.() ?? []).filter((group) => group !== process.getegid?.());

/**
 * Starts this very process anew, as root, with one group and without such threads, by setpriv(1): nothing else here can
 * let go of groups. Returns when that has been done already, or cannot be done.
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

/** Sockets of a service manager are for the process that they were given to, which we still are. */
function keepGivenSockets(): void {
  const count = Number(process.env['LISTEN_FDS'] ?? 0);
  for (let descriptor = 3; descriptor < 3 + count; descriptor += 1) posix.set_inheritable?.(descriptor, true);
}

/** Changes accounts past a Node that refuses to, by the C library's own calls, which count for every thread. */
export function identityPastNode(own: Identity): Identity {
  const { setresgid, setresuid } = posix;
  if (setresgid === undefined || setresuid === undefined || process.env[ringVariable] !== '0') return own;
  return {
    ...own,
    setgroups: (groups) => {
      // What is left to do, which is nothing after a new start, is Node's, and so is the attempt to come back.
      if (own.getuid() !== 0 || !otherGroups().every((group) => groups.includes(group))) own.setgroups(groups);
    },
    setgid: (group) => setresgid(group, group, group),
    setuid: (user) => setresuid(user, user, user),
  };
}
