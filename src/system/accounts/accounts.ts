import { execFileSync } from 'node:child_process';

/** A system account. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Looks an account up with id(1), which asks every source that the system is configured for; undefined when there is
 * none.
 */
export function findAccount(name: string): Account | undefined {
  // id(1) would take a word with a dash as an option; no account has such a name.
  if (name.startsWith('-')) return undefined;
  try {
    const ask = (what: string): number =>
      Number(execFileSync('id', [what, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim());
    return { name, uid: ask('-u'), gid: ask('-g') };
  } catch {
    return undefined;
  }
}

/** The first of the accounts that exists. */
export function firstAccount(names: readonly string[]): Account | undefined {
  for (const name of names) {
    const account = findAccount(name);
    if (account !== undefined) return account;
  }
  return undefined;
}
