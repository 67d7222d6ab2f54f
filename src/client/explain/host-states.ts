import { timeAmong } from '../slots/job-times.ts';
import type { AgentStatus } from '../../agent-state/status.ts';
import { lockName } from '../hosts/host.ts';
import type { Host } from '../hosts/host.ts';
import type { FolderState } from '../slots/lock-folder.ts';

/** What is known about one entry of the host list at this moment. */
export interface HostState {
  readonly host: Host;
  readonly taken: number;
  readonly rest: { readonly seconds: number; readonly why: string | undefined } | undefined;
  /** The expected seconds of a job there; undefined when not known, Infinity when the host has just refused one. */
  readonly expected: number | undefined;
  /** The last failure since the agent started. */
  readonly failure: AgentStatus['hosts'][number]['lastFailure'];
}

/**
 * Divides the jobs of a host among its entries in the list: a host that is listed twice fills its first entry first.
 */
function spread(hosts: readonly Host[], jobsOf: (host: Host) => number): number[] {
  const counted = new Map<string, number>();
  return hosts.map((host) => {
    const left = counted.get(lockName(host)) ?? jobsOf(host);
    counted.set(lockName(host), Math.max(0, left - host.slots));
    return Math.min(host.slots, left);
  });
}

/** The states of hosts from the agent's status. */
export function statesFromAgent(hosts: readonly Host[], status: AgentStatus): HostState[] {
  const taken = spread(hosts, (host) => status.slots.find(({ name }) => name === lockName(host))?.jobs ?? 0);
  return hosts.map((host, at) => {
    const name = lockName(host);
    const times = status.expected.find((one) => one.name === name);
    const jobs = status.slots.find((one) => one.name === name)?.jobs ?? 0;
    const expected = times === undefined ? undefined : timeAmong(times.seconds ?? Infinity, jobs, host.slots);
    const rest = status.resting.find((one) => one.name === name);
    const failure = status.hosts.find((one) => one.name === name)?.lastFailure;
    return { host, taken: taken[at] ?? 0, rest, expected, failure };
  });
}

/** The states of hosts from the lock files of clients without an agent. */
export function statesFromFolder(hosts: readonly Host[], read: (host: Host) => FolderState): HostState[] {
  return hosts.map((host) => {
    const { taken, restSeconds } = read(host);
    const rest = restSeconds > 0 ? { seconds: Math.ceil(restSeconds), why: undefined } : undefined;
    return { host, taken, rest: host.kind === 'local' ? undefined : rest, expected: undefined, failure: undefined };
  });
}
