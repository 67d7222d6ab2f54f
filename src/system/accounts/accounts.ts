import { execFileSync } from 'node:child_process';

/** A system account. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Looks up an account with id(1), which asks every source that the system is configured for; undefined when it does not
 * exist.
 */
export function findAccount(name: string): Account | undefined {
  // id(1) would read it as an option; no account has such a name.
  if (name.startsWith('-')) return undefined;
  try {
    const ask = (what: string): number =>
      Number(execFileSync('id', [what, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim());
    return { name, uid: ask('-u'), gid: ask('-g') };
  } catch {
    return undefined;
  }
}

/** The first of these accounts that exists. */
export function firstAccount(names: readonly string[]): Account | undefined {
  for (const name of names) {
    const account = findAccount(name);
    if (account !== undefined) return account;
  }
  return undefined;
}
