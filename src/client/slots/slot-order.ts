import type { DistantHost, Host } from '../hosts/host.ts';

/** One slot for a job. */
export interface Candidate {
  readonly host: Host;
  readonly slot: number;
}

/** What is known about the hosts when a slot is chosen. */
export interface Knowledge {
  /** Hosts that already failed this very job. */
  readonly failed: ReadonlySet<Host>;
  /** Whether a host rests after a failure. */
  rests(host: DistantHost): boolean;
}

/** The hosts that may get a job now, in the user's order. */
export function usableHosts(hosts: readonly Host[], knowledge: Knowledge): Host[] {
  return hosts.filter((host) => {
    if (knowledge.failed.has(host)) return false;
    return host.kind === 'local' || (!host.down && host.slots > 0 && !knowledge.rests(host));
  });
}

/**
 * The slots to try, in order: every host's first slot, then every host's second slot, and so on
 * (doc/distcc-behaviour.md, "Slots and lock files").
 */
export function* candidatesOf(hosts: readonly Host[]): Generator<Candidate> {
  const most = hosts.reduce((sofar, { slots }) => Math.max(sofar, slots), 0);
  for (let slot = 0; slot < most; slot += 1) {
    for (const host of hosts) if (host.slots > slot) yield { host, slot };
  }
}

/**
 * How long to wait before the next look for a slot, in ms: short at first, then longer, unless the user has set a fixed
 * time.
 */
export function pauseBefore(attempt: number, wished: number | undefined): number {
  return wished ?? Math.min(50, 10 + attempt * 5);
}

/**
 * The most hosts that a job tries when back-off is off: then nothing else ends the search (doc/distcc-behaviour.md,
 * "The course of a compile", step 7).
 */
export const mostAttemptsWithoutBackOff = 3;
