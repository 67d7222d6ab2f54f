import type { AgentEvent, BuildSummary, JobEnd } from '../../agent-state/events.ts';
import { processors } from '../../system/machine/processors.ts';
import { ProcessorUse } from '../../system/machine/processor-use.ts';
import type { JobMessage } from '../../wire/agent/job.ts';
import type { DistantHost, Host } from '../hosts/host.ts';
import { Build } from './build.ts';
import { HostRecords } from './host-record.ts';
import type { HostRecord } from './host-record.ts';
import { endedJob, jobEnd, JobTrack } from './job-track.ts';
import type { EndedJob, Keeper } from './job-track.ts';

/** Jobs that have ended are kept this long, in ms, and at most this many. */
const keptMs = 5 * 60_000;
const mostKept = 2000;

/** The processors are looked at after the end of a job, at most this often, in ms. */
const measurePeriod = 1000;

/** A smaller difference between both clocks is passed over, in ms. */
const clockStep = 1000;

/** What a follower is told at once. */
export interface Watcher {
  changed(track: JobTrack): void;
  ended(job: EndedJob): void;
  failed(event: Extract<AgentEvent, { kind: 'failure' }>): void;
  hostsChanged(): void;
}

/** The jobs of an agent: those that run, those that have ended lately, and what the last build did. */
export class History implements Keeper {
  readonly #running = new Map<number, JobTrack>();
  readonly #hosts: HostRecords;
  readonly #use = new ProcessorUse();
  #measuredAt: number;
  #ended: EndedJob[] = [];
  #build: Build | undefined;
  #given = 0;
  #doneHere = 0;
  #failedHere = 0;
  /** From the agent's clock to that of the machine, in ms. */
  #between: number;
  /** Who is told of changes; undefined when nobody follows. */
  watcher: Watcher | undefined;
  readonly now: () => number;

  /** `now` is a clock that only goes forward, in ms; `nameOf` makes a readable name of a host's name in lock files. */
  constructor(now: () => number, nameOf: (lockName: string) => string) {
    this.now = now;
    this.#hosts = new HostRecords(now, nameOf);
    this.#measuredAt = now();
    this.#between = Date.now() - now();
  }

  /** Makes ms since 1970 of the agent's times. */
  readonly clock = (ms: number): number => {
    const between = Date.now() - this.now();
    // A machine that slept, or whose clock was set; smaller differences would only move jobs to and fro.
    if (Math.abs(between - this.#between) > clockStep) this.#between = between;
    return Math.round((this.#between + ms) * 1000) / 1000;
  };

  get isFollowed(): boolean {
    return this.watcher !== undefined;
  }

  get running(): Iterable<JobTrack> {
    return this.#running.values();
  }

  /** How many jobs were done on this machine, and how many of them failed. */
  get here(): { readonly done: number; readonly failed: number } {
    return { done: this.#doneHere, failed: this.#failedHere };
  }

  get hosts(): Iterable<HostRecord> {
    return this.#hosts.all();
  }

  /** A job begins. */
  begin(message: JobMessage): JobTrack {
    this.#given += 1;
    const track = new JobTrack(this.#given, message, this);
    if (this.#build === undefined || this.#build.isOver(track.began)) this.#beginBuild(track.began);
    this.#build?.jobBegins();
    this.#running.set(track.number, track);
    this.watcher?.changed(track);
    return track;
  }

  #beginBuild(now: number): void {
    this.#use.share();
    this.#measuredAt = now;
    this.#build = new Build(now);
  }

  /** A job has ended. */
  end(track: JobTrack): void {
    const now = this.now();
    track.ended = now;
    const job = endedJob(track, now);
    this.#running.delete(track.number);
    if (job.host !== undefined) job.host.done += 1;
    else this.#countHere(job);
    this.#ended.push(job);
    if (this.#ended.length >= 2 * mostKept) this.#ended = this.#ended.slice(-mostKept);
    this.#measure(now);
    this.#build?.jobEnds(job, track.reason);
    this.watcher?.ended(job);
    if (job.host !== undefined) this.watcher?.hostsChanged();
  }

  #countHere({ status = 0, interrupted }: EndedJob): void {
    if (interrupted) return;
    this.#doneHere += 1;
    if (status !== 0) this.#failedHere += 1;
  }

  #measure(now: number): void {
    const ms = now - this.#measuredAt;
    if (ms < measurePeriod) return;
    this.#measuredAt = now;
    this.#build?.measured(this.#use.share(), ms);
  }

  recordOf(host: DistantHost): HostRecord {
    return this.#hosts.of(host);
  }

  lists(hosts: readonly Host[]): void {
    if (this.#hosts.list(hosts)) this.watcher?.hostsChanged();
  }

  changed(track: JobTrack): void {
    this.watcher?.changed(track);
  }

  failed(track: JobTrack, host: HostRecord, why: string): void {
    host.failed += 1;
    host.lastFailure = { why, at: this.now() };
    this.#build?.hostFailed(host, why);
    this.watcher?.failed({ kind: 'failure', at: this.clock(this.now()), job: track.number, host: host.text, why });
    this.watcher?.hostsChanged();
  }

  /** The jobs that have ended in the last five minutes, at most 2000, the oldest first. */
  lately(): JobEnd[] {
    const since = this.now() - keptMs;
    return this.#ended
      .slice(-mostKept)
      .filter(({ ended }) => ended >= since)
      .map((job) => jobEnd(job, this.clock));
  }

  /** The present build, or the last one; undefined before the first job. */
  build(): BuildSummary | undefined {
    const setting = { processors: processors(), slots: this.#hosts.slots };
    return this.#build?.summary(this.now(), setting, this.clock);
  }
}
