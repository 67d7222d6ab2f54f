import { systemReason } from '../error-text.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { Account } from './accounts.ts';

/** The calls that change a process's account, as Node's `process` has them. */
export interface Identity {
  readonly getuid: () => number;
  readonly getgid: () => number;
  readonly getgroups: () => number[];
  readonly setgroups: (groups: readonly number[]) => void;
  readonly setgid: (group: number) => void;
  readonly setuid: (user: number) => void;
}

/** Node declares these as possibly absent because Windows lacks them. */
export function processIdentity(): Identity {
  const { getuid, getgid, getgroups, setgroups, setgid, setuid } = process;
  if (!getuid || !getgid || !getgroups || !setgroups || !setgid || !setuid) {
    throw new Failure(
      exitStatus.privileges,
      'cannot change accounts on this system: start distccd as the account that it shall serve as',
    );
  }
  return { getuid, getgid, getgroups, setgroups: (groups) => setgroups(groups), setgid, setuid };
}

const refused = (sentence: string, cause?: unknown): Failure => new Failure(exitStatus.privileges, sentence, { cause });

/**
 * Becomes the account, with its one group, for good: first the groups, then the group, then the user. Then becoming
 * root again is tried, and must fail.
 * @throws Failure (status 112) when any step fails, or the account is root
 */
export function dropPrivileges(identity: Identity, account: Account): void {
  if (account.uid === 0 || account.gid === 0) {
    throw refused(
      `will not serve jobs as "${account.name}", which is root or in root's group: name another account with --user`,
    );
  }
  try {
    identity.setgroups([account.gid]);
    identity.setgid(account.gid);
    identity.setuid(account.uid);
  } catch (error) {
    throw refused(`cannot become "${account.name}": ${systemReason(error)}`, error);
  }
  proveDropped(identity, account);
}

function proveDropped(identity: Identity, account: Account): void {
  const isAccount = identity.getuid() === account.uid && identity.getgid() === account.gid;
  const oneGroup = identity.getgroups().every((group) => group === account.gid);
  if (!isAccount || !oneGroup || canBecomeRoot(identity)) {
    throw refused(`will not serve jobs: root's privileges are still there after becoming "${account.name}"`);
  }
}

/** Whether the process can become root again. Only trying proves that it cannot. */
function canBecomeRoot(identity: Identity): boolean {
  return [() => identity.setuid(0), () => identity.setgid(0), () => identity.setgroups([0])].some((attempt) => {
    try {
      attempt();
      return true;
    } catch {
      return false;
    }
  });
}
