import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { type Account, findAccount, firstAccount } from '../system/accounts.ts';
import { dropPrivileges, processIdentity } from '../system/privileges.ts';
import type { Notices } from './prove.ts';

/** Root becomes the account that serves, for good; anybody else stays who they are. */
export function becomeServant(options: DaemonOptions, notices: Notices): void {
  const identity = processIdentity();
  if (identity.getuid() !== 0) {
    if (options.user !== undefined) notices.push('--user is ignored when distccd is not run by root');
    return;
  }
  dropPrivileges(identity, chooseAccount(options.user));
}

/** The account that root serves as. @throws Failure (status 112) when it does not exist */
function chooseAccount(user: string | undefined): Account {
  const account = user === undefined ? firstAccount(['distcc', 'nobody']) : findAccount(user);
  if (account !== undefined) return account;
  const missing = user === undefined ? 'neither an account "distcc" nor "nobody"' : `no account "${user}"`;
  throw new Failure(exitStatus.privileges, `there is ${missing}: name an existing one with --user`);
}
