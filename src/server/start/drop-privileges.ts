import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { readDaemonOptions } from '../../config/read-daemon-options.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { findAccount, firstAccount } from '../../system/accounts/accounts.ts';
import type { Account } from '../../system/accounts/accounts.ts';
import {
  identityPastNode,
  refusesToChangeAccounts,
  startAnewWithGroup,
} from '../../system/accounts/guarded-identity.ts';
import { dropPrivileges, processIdentity } from '../../system/accounts/privileges.ts';
import type { Notices } from '../log/startup-notices.ts';

/**
 * Restarts this process where Node would refuse to let root become another account. To be called before anything that a
 * restart would lose. Errors in the words, or in the account, are ignored here and reported when serving begins.
 */
export function prepareToServe(words: readonly string[]): void {
  if (!refusesToChangeAccounts()) return;
  const account = wantedAccount(words);
  if (account !== undefined) startAnewWithGroup(account.gid);
}

function wantedAccount(words: readonly string[]): Account | undefined {
  try {
    const reading = readDaemonOptions(words);
    return 'options' in reading ? chooseAccount(reading.options.user) : undefined;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Root becomes the account that serves, for good. Another user stays the same. */
export function becomeServingAccount(options: DaemonOptions, notices: Notices): void {
  const identity = processIdentity();
  if (identity.getuid() !== 0) {
    if (options.user !== undefined) notices.push('--user is ignored when distccd is not run by root');
    return;
  }
  dropPrivileges(refusesToChangeAccounts() ? identityPastNode(identity) : identity, chooseAccount(options.user));
}

/**
 * The accounts that root tries without --user: that of distcc's own packages, that of Debian's and this package, and
 * one that every system has.
 */
export const usualAccounts = ['distcc', 'distccd', 'nobody'];

/** The account that root serves as. @throws Failure (status 112) when it does not exist */
function chooseAccount(user: string | undefined): Account {
  const account = user === undefined ? firstAccount(usualAccounts) : findAccount(user);
  if (account !== undefined) return account;
  const missing =
    user === undefined ? `no account ${usualAccounts.map((name) => `"${name}"`).join(' or ')}` : `no account "${user}"`;
  throw new Failure(
    exitStatus.privileges,
    `there is ${missing}: name an existing one with --user, or with User= in a unit of systemd`,
  );
}
