import type { BuildSummary, JobPhase } from '../../agent-state/events.ts';
import { timeText } from '../../agent-state/status.ts';

/** What is known about a build when its limit is judged. */
export interface Course {
  readonly jobs: number;
  readonly local: number;
  readonly wallSeconds: number;
  /** How many ms all jobs together spent in each phase. */
  readonly ms: Readonly<Record<JobPhase, number>>;
  /** Of those in the queue: how many for a slot of this machine. */
  readonly queueHereMs: number;
  /** The busy share of this machine's processors; undefined when the build was too short to tell. */
  readonly busy: number | undefined;
  /** How hosts got the sources of their jobs. */
  readonly preprocessed: number;
  readonly unpreprocessed: number;
  /** Slots of all hosts in the list. */
  readonly slots: number;
  /** The most jobs that were at work or waited at one time. */
  readonly mostJobs: number;
  /** The most frequent reason for a compile here, and what to do about it. */
  readonly reason: { readonly why: string; readonly cure: string; readonly jobs: number } | undefined;
}

/** What limited a build, and the sentence about it. */
type Limit = Pick<BuildSummary, 'limit' | 'limitText'>;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** A build that is shorter than this, in seconds, tells nothing about speed. */
const tooShort = 1;

/** From these shares on something is held to be the limit. */
const localJobs = 0.5;
const busyMachine = 0.9;
const waitingForHosts = 0.2;
const onTheWay = 0.3;
const idleSlots = 0.5;

function localLimit({ jobs, local, reason }: Course): Limit | undefined {
  if (reason === undefined || share(local, jobs) < localJobs) return undefined;
  const most = local === reason.jobs ? 'all' : `${reason.jobs} of them`;
  const limitText = `${local} of ${jobs} jobs ran on this machine, ${most} because ${reason.why}; to have them distributed: ${reason.cure}`;
  return { limit: 'local jobs', limitText };
}

/** What limited a build; the first that applies. */
export function judgeLimit(course: Course): Limit {
  const { ms, jobs, busy, slots, queueHereMs, mostJobs, wallSeconds } = course;
  const local = localLimit(course);
  if (local !== undefined) return local;
  if (wallSeconds < tooShort)
    return { limit: 'unknown', limitText: `it took only ${timeText(wallSeconds)}, which is too short to tell` };
  const all = Object.values(ms).reduce((sum, one) => sum + one, 0);
  const here = ms.scan + ms.preprocess + ms.local;
  const moving = ms.connect + ms.send + ms.receive;
  const away = moving + ms.compile;
  const waited = share(ms.queue - queueHereMs, all);
  if (busy !== undefined && busy >= busyMachine) {
    const cures = [
      ...(course.preprocessed > course.unpreprocessed
        ? ['use hosts with a distccd of this version, which preprocess by themselves']
        : []),
      'run fewer jobs at a time by "make -j"',
      ...(ms.local > away ? ['list fewer slots for "localhost", or more hosts'] : []),
    ];
    const cure = cures.join('; or ');
    return { limit: 'client', limitText: `this machine's processors were ${percent(busy)} busy: ${cure}` };
  }
  if (waited >= waitingForHosts) {
    const limitText = `jobs waited ${percent(waited)} of their time for one of the ${slots} slots of the hosts: list more hosts, or more slots for them, as in "HOST/8"`;
    return { limit: 'slots', limitText };
  }
  if (share(moving, away) >= onTheWay) {
    const limitText = `${percent(share(moving, away))} of the time at hosts went into connecting, sending and receiving: use nearer hosts, or write ",lzo" after a host with a slow connection`;
    return { limit: 'network', limitText };
  }
  if (share(queueHereMs, all) >= waitingForHosts) {
    const limitText = `jobs waited ${percent(share(queueHereMs, all))} of their time for slots of this machine: raise "--localslots" or "--localslots_cpp" in the host list`;
    return { limit: 'client', limitText };
  }
  const atOnce = share(all - ms.queue, wallSeconds * 1000);
  if (slots > 0 && atOnce < slots * idleSlots) {
    const asked =
      mostJobs < slots
        ? `raise "make -j" from about ${mostJobs} to ${slots} or more`
        : 'other commands of the build, such as links and generators, kept jobs waiting';
    const limitText = `on average ${atOnce.toFixed(1)} jobs ran at a time, and the hosts have ${slots} slots: ${asked}`;
    return { limit: 'commands', limitText };
  }
  if (share(here, all) >= localJobs)
    return {
      limit: 'client',
      limitText: `${percent(share(here, all))} of the jobs' time went into work on this machine`,
    };
  return { limit: 'unknown', limitText: `nothing stands out in ${jobs} jobs: faster or more hosts would help` };
}
