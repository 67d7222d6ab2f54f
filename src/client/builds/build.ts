import type { BuildSummary, JobPhase } from '../../agent-state/events.ts';
import { ReasonCounts } from '../../basics/reason-counts.ts';
import type { CountedReason } from '../../basics/reason-counts.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { cureOf } from '../compile/host-cure.ts';
import { readable } from '../../system/byte-text.ts';
import type { HostRecord } from './host-record.ts';
import { workOf } from './job-track.ts';
import type { EndedJob } from './job-track.ts';
import { judgeLimit } from './limit.ts';

/** A build ends after this many ms without a job. */
const endsAfter = 5000;

/** How many of the slowest jobs are kept. */
const mostSlow = 10;
/** Hosts that are counted by themselves. */
const mostHosts = 1000;

/** Why a source was preprocessed here when nothing was wrong with it. */
const notOffered = 'the host takes only preprocessed text, or had not answered a first job yet';

/** A host's part in a build. */
interface HostShare {
  jobs: number;
  failures: number;
  busyMs: number;
  bytesOut: number;
  bytesIn: number;
  readonly reasons: ReasonCounts;
}

/** What the rest of the agent tells about a build. */
export interface BuildSetting {
  readonly processors: number;
  /** Slots of the hosts in the present list. */
  readonly slots: number;
}

const none = (): Record<JobPhase, number> => ({
  queue: 0,
  scan: 0,
  preprocess: 0,
  connect: 0,
  send: 0,
  compile: 0,
  receive: 0,
  local: 0,
});

/** One build while it is counted: the jobs that followed each other without a long pause. Times are the agent's ms. */
export class Build {
  readonly #began: number;
  #lastEnd: number;
  #running = 0;
  #mostRunning = 0;
  #jobs = 0;
  #remote = 0;
  #failedJobs = 0;
  #unpreprocessed = 0;
  #results = 0;
  #preprocessed = 0;
  /** All phases of all jobs, in ms. */
  readonly #ms = none();
  #queueHereMs = 0;
  /** The longest time of one job without waiting, in ms. */
  #longestMs = 0;
  readonly #hosts = new Map<HostRecord, HostShare>();
  readonly #local = new ReasonCounts();
  /** What to do about each reason for a compile here. */
  readonly #cures = new Map<string, string>();
  readonly #preprocessReasons = new ReasonCounts();
  /** The jobs that took longest without waiting, the slowest first. */
  #slowest: EndedJob[] = [];
  /** The busy time of this machine's processors, and the time in which it was measured. */
  #busyMs = 0;
  #measuredMs = 0;

  constructor(now: number) {
    this.#began = now;
    this.#lastEnd = now;
  }

  /** Whether a job that begins now belongs to another build. */
  isOver(now: number): boolean {
    return this.#running === 0 && now - this.#lastEnd > endsAfter;
  }

  jobBegins(): void {
    this.#running += 1;
    this.#mostRunning = Math.max(this.#mostRunning, this.#running);
  }

  jobEnds(job: EndedJob, reason: Reason | undefined): void {
    this.#running -= 1;
    this.#jobs += 1;
    this.#lastEnd = job.ended;
    if (job.status !== undefined && job.status !== 0) this.#failedJobs += 1;
    this.#countPhases(job);
    this.#countPlace(job, reason);
    this.#noteSlow(job);
  }

  #countPhases(job: EndedJob): void {
    const { phases, ended } = job;
    for (const [at, { phase, at: begin, host, here }] of phases.entries()) {
      const ms = (phases[at + 1]?.at ?? ended) - begin;
      this.#ms[phase] += ms;
      if (phase === 'queue' && here) this.#queueHereMs += ms;
      if (host !== undefined) this.#shareOf(host).busyMs += ms;
    }
    this.#longestMs = Math.max(this.#longestMs, workOf(job));
  }

  #countPlace({ host, why, how, whyPreprocessed, bytesOut, bytesIn }: EndedJob, reason: Reason | undefined): void {
    if (host === undefined) {
      const counted = this.#local.count(why ?? '');
      if (reason !== undefined) this.#cures.set(counted, reason.cure);
      return;
    }
    this.#remote += 1;
    if (how === 'result') this.#results += 1;
    if (how === 'unpreprocessed' || how === 'result') this.#unpreprocessed += 1;
    else {
      this.#preprocessed += 1;
      this.#preprocessReasons.count(whyPreprocessed ?? notOffered);
    }
    const share = this.#shareOf(host);
    share.jobs += 1;
    share.bytesOut += bytesOut;
    share.bytesIn += bytesIn;
  }

  #shareOf(host: HostRecord): HostShare {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const made = { jobs: 0, failures: 0, busyMs: 0, bytesOut: 0, bytesIn: 0, reasons: new ReasonCounts() };
    if (this.#hosts.size < mostHosts) this.#hosts.set(host, made);
    return made;
  }

  #noteSlow(job: EndedJob): void {
    const least = this.#slowest[mostSlow - 1];
    if (least !== undefined && workOf(least) >= workOf(job)) return;
    const at = this.#slowest.findIndex((one) => workOf(one) < workOf(job));
    this.#slowest.splice(at === -1 ? this.#slowest.length : at, 0, job);
    if (this.#slowest.length > mostSlow) this.#slowest.pop();
  }

  hostFailed(host: HostRecord, why: string): void {
    const share = this.#shareOf(host);
    share.failures += 1;
    share.reasons.count(why);
  }

  /** Notes the busy share of this machine's processors during some ms. */
  measured(share: number, ms: number): void {
    this.#busyMs += share * ms;
    this.#measuredMs += ms;
  }

  /**
   * How many seconds this machine alone would need: its processors have to do the work of its compilers and of hosts'.
   * Hosts that are this machine make each other slow, so that their times tell nothing.
   */
  #localSeconds(processors: number): number | undefined {
    if ([...this.#hosts.keys()].some(({ text }) => /^(?:127\.|localhost(?::|$)|\[::1\])/.test(text))) return undefined;
    const work = this.#ms.local + this.#ms.compile + this.#ms.preprocess;
    if (work === 0) return undefined;
    return Math.max(this.#longestMs, work / Math.max(1, Math.min(processors, this.#mostRunning))) / 1000;
  }

  #failures(): BuildSummary['failures'] {
    const all = [...this.#hosts].flatMap(([{ text }, { reasons }]) =>
      reasons.report().map(({ why, count }) => ({ host: text, why: readable(why), count, cure: cureOf(why) })),
    );
    return all.sort((one, other) => other.count - one.count);
  }

  /** What it has done; `clock` makes ms since 1970 of the agent's times. */
  summary(now: number, { processors, slots }: BuildSetting, clock: (ms: number) => number): BuildSummary {
    const isRunning = !this.isOver(now);
    const end = this.#running > 0 ? now : this.#lastEnd;
    const wallSeconds = (end - this.#began) / 1000;
    const local = this.#jobs - this.#remote;
    const localSeconds = this.#localSeconds(processors);
    const [top] = this.#local.report();
    const course = {
      jobs: this.#jobs,
      local,
      wallSeconds,
      ms: this.#ms,
      queueHereMs: this.#queueHereMs,
      busy: this.#measuredMs === 0 ? undefined : this.#busyMs / this.#measuredMs,
      slots,
      mostJobs: this.#mostRunning,
      preprocessed: this.#preprocessed,
      unpreprocessed: this.#unpreprocessed,
      reason: top === undefined ? undefined : this.#withCure(top),
    };
    return {
      began: clock(this.#began),
      ended: clock(end),
      running: isRunning,
      jobs: this.#jobs,
      remote: this.#remote,
      local,
      failedJobs: this.#failedJobs,
      wallSeconds,
      ...(localSeconds === undefined ? {} : { localSeconds }),
      hosts: this.#hostShares(),
      localReasons: this.#local.report().map((reason) => this.#withCure(reason)),
      failures: this.#failures(),
      preprocessedReasons: this.#preprocessReasons
        .report()
        .map(({ why, count }) => ({ why: readable(why), jobs: count })),
      unpreprocessed: this.#unpreprocessed,
      preprocessed: this.#preprocessed,
      results: this.#results,
      slowest: this.#slowest.map((job) => ({
        file: job.file,
        ...(job.host === undefined ? {} : { host: job.host.text }),
        seconds: workOf(job) / 1000,
      })),
      ...judgeLimit(course),
    };
  }

  #withCure({ why, count }: CountedReason): { why: string; jobs: number; cure: string } {
    return {
      why: readable(why),
      jobs: count,
      cure: readable(this.#cures.get(why) ?? 'see "distcc --explain COMMAND"'),
    };
  }

  #hostShares(): BuildSummary['hosts'] {
    const shares = [...this.#hosts].map(([{ text }, share]) => ({
      name: text,
      jobs: share.jobs,
      failures: share.failures,
      busySeconds: share.busyMs / 1000,
      bytesOut: share.bytesOut,
      bytesIn: share.bytesIn,
    }));
    return shares.sort((one, other) => other.jobs - one.jobs || (one.name < other.name ? -1 : 1));
  }
}
