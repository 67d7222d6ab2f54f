import type { BuildSummary, HostPicture, MachinePicture, Picture, RunningJob } from '../../../agent-state/events.ts';

/** An agent that is followed over one connection. */
export interface KnownAgent {
  /** The same for each connection to it. */
  readonly id: string;
  readonly pid: number;
  readonly version: string;
  hosts: readonly HostPicture[];
  machine: MachinePicture;
  build: BuildSummary | undefined;
  /** Jobs that this machine has done since it started, and how many of them failed. */
  readonly here: { done: number; failed: number };
  readonly jobs: Map<number, RunningJob>;
}

/** The agent that a picture is of. */
export function agentOf({ agent, hosts, machine, build, here, jobs }: Picture): KnownAgent {
  return {
    id: `${agent.pid}-${agent.started}`,
    pid: agent.pid,
    version: agent.version,
    hosts,
    machine,
    build,
    here: { ...here },
    jobs: new Map(jobs.map((job) => [job.job, job])),
  };
}

/** A host as all agents know it: they share it, but not their counters. */
export function joinHosts(agents: Iterable<KnownAgent>): Map<string, HostPicture> {
  const joined = new Map<string, HostPicture>();
  for (const { hosts } of agents) {
    for (const host of hosts) {
      const known = joined.get(host.name);
      joined.set(
        host.name,
        known === undefined
          ? host
          : {
              ...known,
              ...host,
              slots: Math.max(known.slots, host.slots),
              done: known.done + host.done,
              failed: known.failed + host.failed,
            },
      );
    }
  }
  return joined;
}

/** What agents have counted since they started. */
export interface Totals {
  /** Jobs that hosts have done. */
  readonly remote: number;
  /** Jobs that this machine has done, and how many of them failed. */
  readonly here: number;
  readonly failedHere: number;
  /** Attempts at hosts that failed. */
  readonly failed: number;
}

/** What agents have counted of the hosts that are in their lists, and of this machine. */
export function totalsOf(agents: Iterable<KnownAgent>): Totals {
  const all = [...agents];
  const hosts = all.flatMap((agent) => agent.hosts);
  const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
    values.reduce((total, value) => total + of(value), 0);
  return {
    remote: sum(hosts, ({ done }) => done),
    here: sum(all, ({ here }) => here.done),
    failedHere: sum(all, ({ here }) => here.failed),
    failed: sum(hosts, ({ failed }) => failed),
  };
}

/** The build to show: one that runs, else the one that ended last. */
export function latestBuild(builds: Iterable<BuildSummary>): BuildSummary | undefined {
  let latest: BuildSummary | undefined;
  for (const build of builds) {
    const isLater =
      latest === undefined ||
      (build.running === latest.running ? build.ended > latest.ended : build.running && !latest.running);
    if (isLater) latest = build;
  }
  return latest;
}
