import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { systemReason } from '../error-text.ts';

/** How a process looks up names. */
export interface LookupPlan {
  /** How many names at a time. */
  readonly atOnce: number;
  /** How long one name server may take for each of two tries. */
  readonly seconds: number;
}

/**
 * Keeps name servers that do not answer from blocking other work of this process. A look-up cannot be cancelled, even
 * when the program ends, and occupies a thread of libuv's pool, of which look-ups get half. The size of the pool and
 * the resolver's time-outs (resolv.conf(5)) are set by environment variables, which are read when the pool is first
 * used; variables that the user has set are kept.
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
