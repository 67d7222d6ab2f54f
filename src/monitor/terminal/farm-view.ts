import type { BuildSummary, HostPicture, MachinePicture } from '../../agent-state/events.ts';
import type { ListedJob } from '../../job-state/state-folder.ts';
import type { AgentPicture, HostFailure } from './agent-picture.ts';
import { jobOfAgent, jobOfState, localName } from './shown-job.ts';
import type { ShownJob } from './shown-job.ts';

/** A host that is shown. */
export interface ShownHost {
  readonly name: string;
  /** Jobs that have one of its slots. */
  readonly busy: number;
  /** What an agent knows; undefined for hosts of clients without one. */
  readonly known?: HostPicture;
}

/** Everything that the table shows. */
export interface FarmView {
  /** How many agents answer. */
  readonly agents: number;
  /** Other machines, in the order of the list of hosts. */
  readonly hosts: readonly ShownHost[];
  readonly machine: MachinePicture | undefined;
  /** Those at work, oldest first; then those that wait for a slot, oldest first. */
  readonly jobs: readonly ShownJob[];
  readonly build: BuildSummary | undefined;
  /** The last attempt at a host that failed. */
  readonly failure: HostFailure | undefined;
}

/** A host's name as state files have it: without account, port and brackets. */
function bareName(name: string): string {
  const place = name.slice(name.lastIndexOf('@') + 1);
  return /^\[(.*)\](?::\d+)?$/.exec(place)?.[1] ?? place.replace(/^([^:]*):\d+$/, '$1');
}

/** The hosts of all agents: one that several know has their counts together. */
function mergeHosts(lists: readonly (readonly HostPicture[])[]): HostPicture[] {
  const merged = new Map<string, HostPicture>();
  for (const host of lists.flat()) {
    const { done = 0, failed = 0, rest } = merged.get(host.name) ?? {};
    const together = { ...host, done: done + host.done, failed: failed + host.failed };
    merged.set(host.name, rest === undefined ? together : { ...together, rest: host.rest ?? rest });
  }
  return [...merged.values()];
}

/** How many jobs have a slot at each host; hosts of state files count as those of the list with the same bare name. */
function countBusy(jobs: readonly ShownJob[], known: readonly HostPicture[]): Map<string, number> {
  // Of two with the same bare name the first one of the list.
  const byBareName = new Map([...known].reverse().map(({ name }) => [bareName(name), name]));
  const names = new Set(known.map(({ name }) => name));
  const busy = new Map<string, number>();
  for (const { host, phase } of jobs) {
    if (host === undefined || phase === 'queue') continue;
    const name = names.has(host) ? host : (byBareName.get(host) ?? host);
    busy.set(name, (busy.get(name) ?? 0) + 1);
  }
  return busy;
}

const byName = ([one]: readonly [string, number], [other]: readonly [string, number]): number => (one < other ? -1 : 1);

function listHosts(jobs: readonly ShownJob[], known: readonly HostPicture[]): ShownHost[] {
  const busy = countBusy(jobs, known);
  const listed = known.map((host) => ({ name: host.name, busy: busy.get(host.name) ?? 0, known: host }));
  for (const { name } of known) busy.delete(name);
  return [...listed, ...[...busy].sort(byName).map(([name, count]) => ({ name, busy: count }))];
}

/** The value with the latest time, if there is one. */
function latest<T>(values: readonly (T | undefined)[], time: (value: T) => number): T | undefined {
  return values.reduce((best, value) => {
    if (value === undefined || (best !== undefined && time(best) >= time(value))) return best;
    return value;
  }, undefined);
}

const isWaiting = ({ phase }: ShownJob): boolean => phase === 'queue';

/** Puts together what agents tell and what state files have. */
export class Farm {
  /** When the state file of each process was first seen, in ms since 1970. */
  #seen = new Map<number, number>();

  view(pictures: readonly AgentPicture[], states: readonly ListedJob[]): FarmView {
    const jobs = this.#jobs(pictures, states);
    const hosts = mergeHosts(pictures.map((picture) => picture.hosts));
    return {
      agents: pictures.length,
      hosts: listHosts(
        jobs,
        hosts.filter(({ name }) => name !== localName),
      ),
      machine: pictures.find(({ machine }) => machine !== undefined)?.machine,
      jobs: [...jobs.filter((job) => !isWaiting(job)), ...jobs.filter(isWaiting)],
      build: latest(
        pictures.map(({ build }) => build),
        ({ began }) => began,
      ),
      failure: latest(
        pictures.map(({ lastFailure }) => lastFailure),
        ({ at }) => at,
      ),
    };
  }

  /**
   * All jobs, oldest first. Agents write state files too: a process that an agent tells of is left out of the files,
   * and so is one whose job has ended since its file was read.
   */
  #jobs(pictures: readonly AgentPicture[], states: readonly ListedJob[]): ShownJob[] {
    const told = pictures.flatMap((picture) => [...picture.jobs]);
    const pids = new Set(told.map(({ pid }) => pid));
    const others = states.filter(({ phase, pid, changed }) => {
      const hasEnded = pictures.some((picture) => (picture.endOf(pid) ?? 0) >= changed);
      return phase !== 'Done' && !pids.has(pid) && !hasEnded;
    });
    this.#seen = new Map(others.map(({ pid, changed }) => [pid, this.#seen.get(pid) ?? changed]));
    const files = new Map(states.map((state) => [state.pid, state]));
    const jobs = [
      ...told.map((job) => jobOfAgent(job, files.get(job.pid))),
      ...others.map((job) => jobOfState(job, this.#seen.get(job.pid) ?? job.changed)),
    ];
    return jobs.sort((one, other) => one.began - other.began);
  }
}
