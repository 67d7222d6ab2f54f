import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { systemReason } from '../error-text.ts';

/** How a process wants names to be looked up. */
export interface LookupPlan {
  /** How many at the same time. */
  readonly atOnce: number;
  /** How long one server of names may take for one of two tries. */
  readonly seconds: number;
}

/**
 * Has silent servers of names hold up nothing else in this process. A look-up cannot be broken off, not even by the
 * program's end, and occupies a thread of libuv's pool, of which look-ups get half. Both are settled by the environment
 * (resolv.conf(5)), which is read at the first look-up or other use of the pool; what the user has set there stays.
 */
export function prepareLookups(environment: NodeJS.ProcessEnv, { atOnce, seconds }: LookupPlan): void {
  environment['UV_THREADPOOL_SIZE'] ??= String(2 * atOnce);
  environment['RES_OPTIONS'] ??= `timeout:${seconds} attempts:2`;
}

/** The resolver's own words (gai_strerror(3)), which Node's table lacks. */
const lookupReasons: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOTFOUND', 'Name or service not known'],
  ['EAI_AGAIN', 'Temporary failure in name resolution'],
]);

/** All addresses of a name, the best first; throws an Error with the resolver's words. */
export async function lookUpAddresses(name: string): Promise<readonly string[]> {
  let found: LookupAddress[];
  try {
    found = await lookup(name, { all: true, verbatim: true });
  } catch (error) {
    const { code } = error instanceof Error && 'code' in error ? error : { code: undefined };
    throw new Error(lookupReasons.get(String(code)) ?? systemReason(error), { cause: error });
  }
  return found.map(({ address }) => address);
}
