import { createHash } from 'node:crypto';

/** What makes two compiles the same work on another day: the directory that it is called in, and its source. */
export interface Work {
  /** Absolute. */
  readonly directory: string;
  /** As the command names it. */
  readonly source: string;
}

/** One host's claim to a work: the largest wins, and every machine finds the same. */
function weightOf(work: Work, host: string): string {
  return createHash('sha256')
    .update(JSON.stringify([work.directory, work.source, host]))
    .digest('hex');
}

/**
 * Hosts by their claim to a work, the first choice first (rendezvous hashing, "highest random weight"): whoever asks
 * gets the same order, whatever the order of the list; a host that is not there moves its own work only, and each of
 * the others takes a like share of it.
 */
export function rendezvousOrder(work: Work, hosts: readonly string[]): string[] {
  const weights = new Map(hosts.map((host) => [host, weightOf(work, host)]));
  const weight = (host: string): string => weights.get(host) ?? '';
  return [...weights.keys()].sort((one, other) => (weight(one) < weight(other) ? 1 : -1));
}
