import { phasesAtHost } from '../../agent-state/events.ts';
import type { JobEnd, JobPhase, RunningJob } from '../../agent-state/events.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { readable } from '../../system/byte-text.ts';
import type { JobMessage } from '../../wire/agent/job.ts';
import type { Mark } from '../../wire/agent/carry.ts';
import type { Progress } from '../compile/progress.ts';
import type { DistantHost, Host } from '../hosts/host.ts';
import { commandName } from './command-name.ts';
import type { HostRecord } from './host-record.ts';

/** A phase of a job; times are ms of the agent's clock. */
export interface TrackedPhase {
  readonly phase: JobPhase;
  readonly at: number;
  /** Where it is sent to or compiled; undefined on this machine. */
  readonly host: HostRecord | undefined;
  readonly slot: number;
  /** In the queue: whether it waits for this machine. */
  readonly here: boolean;
}

/** Who keeps the jobs of an agent. */
export interface Keeper {
  readonly isFollowed: boolean;
  /** A clock that only goes forward, in ms. */
  now(this: void): number;
  recordOf(host: DistantHost): HostRecord;
  lists(hosts: readonly Host[]): void;
  changed(track: JobTrack): void;
  failed(track: JobTrack, host: HostRecord, why: string): void;
}

/** A phase that lasts less than this, in ms, is not worth showing. */
const shortest = 0.05;

/** A job that tries host after host has no more phases than this. */
const mostPhases = 100;

/** The longest names that are shown, in characters; of a longer one the end is shown. */
const longestFile = 200;
const longestDirectory = 400;

/** A byte text in readable form, with its end when it is too long. */
function shown(text: string, longest: number): string {
  const all = readable(text);
  return all.length <= longest ? all : `...${all.slice(all.length - longest + 3)}`;
}

/** The reason of a job that its user, or the build, has ended. */
export const interruption: Reason = { because: 'it was interrupted', cure: 'let it run to its end' };

/** What one job of an agent has done so far. */
export class JobTrack implements Progress {
  readonly number: number;
  readonly message: JobMessage;
  readonly began: number;
  readonly #keeper: Keeper;
  /** In order. */
  readonly phases: TrackedPhase[] = [];
  #file = '';
  #host: HostRecord | undefined;
  #slot = 0;
  /** Why it is compiled here; undefined when a host does it. */
  reason: Reason | undefined;
  how: JobEnd['sent'];
  /** Why its source was not sent as it is, the last time that this was decided. */
  whyPreprocessed: string | undefined;
  bytesOut = 0;
  bytesIn = 0;
  /** Its exit status; undefined as long as it runs, or when the agent does not learn it. */
  status: number | undefined;
  /** Undefined as long as it runs. */
  ended: number | undefined;

  constructor(number: number, message: JobMessage, keeper: Keeper) {
    this.number = number;
    this.message = message;
    this.#keeper = keeper;
    this.began = keeper.now();
  }

  get isFollowed(): boolean {
    return this.#keeper.isFollowed;
  }

  concerns(file: string): void {
    this.#file = file;
  }

  lists(hosts: readonly Host[]): void {
    this.#keeper.lists(hosts);
  }

  begin(phase: JobPhase, where?: 'here'): void {
    this.#beginAt(phase, this.#keeper.now(), where === 'here');
  }

  #beginAt(phase: JobPhase, time: number, here: boolean): void {
    const host = phasesAtHost.has(phase) ? this.#host : undefined;
    const last = this.phases.at(-1);
    if (last !== undefined && last.phase === phase && last.host === host) return;
    const begin = Math.max(time, last?.at ?? this.began);
    // One that was too short, or one too many, is taken for a part of this one.
    const replaces = last !== undefined && (begin - last.at < shortest || this.phases.length === mostPhases);
    if (replaces) this.phases.pop();
    this.phases.push({ phase, at: replaces ? last.at : begin, host, slot: this.#slot, here });
    this.#keeper.changed(this);
  }

  goesTo(host: DistantHost, slot: number): void {
    this.#host = this.#keeper.recordOf(host);
    this.#slot = slot;
  }

  reached(mark: Mark, ago: number): void {
    const phase = this.phases.at(-1)?.phase;
    if (ago === Infinity || phase === undefined || phase === 'receive' || !phasesAtHost.has(phase)) return;
    const next = mark === 'connected' ? 'send' : mark === 'sent' ? 'compile' : 'receive';
    const isPast = next === 'send' ? phase !== 'connect' : next === 'compile' && phase === 'compile';
    if (!isPast) this.#beginAt(next, this.#keeper.now() - ago, false);
  }

  moved(bytesOut: number, bytesIn: number): void {
    this.bytesOut += bytesOut;
    this.bytesIn += bytesIn;
  }

  sent(how: NonNullable<JobEnd['sent']>): void {
    this.how = how;
  }

  preprocessedBecause(why: string): void {
    this.whyPreprocessed = why;
  }

  failed(host: DistantHost, why: string): void {
    this.#keeper.failed(this, this.#keeper.recordOf(host), why);
    this.#host = undefined;
  }

  staysHere(reason: Reason): void {
    this.reason = reason;
    this.#host = undefined;
  }

  /** The host that has done it. */
  get host(): HostRecord | undefined {
    return this.#host;
  }

  /** The source's name as the command has it; without a single source the output's, or the command's last word. */
  get file(): string {
    return shown(this.#file === '' ? commandName(this.message.words) : this.#file, longestFile);
  }

  /** What it does now. */
  get phase(): TrackedPhase | undefined {
    return this.phases.at(-1);
  }

  /** As followers see it; `clock` makes ms since 1970 of the agent's times, `waits` tells what it waits for. */
  running(clock: (ms: number) => number, waits: string | undefined): RunningJob {
    const { phase = 'scan', at = this.began, host, slot } = this.phase ?? {};
    const why = phase === 'queue' ? waits : phase === 'local' ? this.reason?.because : undefined;
    return {
      job: this.number,
      pid: this.message.pid,
      directory: shown(this.message.directory, longestDirectory),
      file: this.file,
      began: clock(this.began),
      phase,
      since: clock(at),
      ...(host === undefined ? {} : { host: host.text, slot: slot ?? 0 }),
      ...(why === undefined ? {} : { why: readable(why) }),
    };
  }
}

/** A job that has ended, as it is kept: without its message. */
export interface EndedJob {
  readonly number: number;
  readonly file: string;
  readonly began: number;
  readonly ended: number;
  readonly host: HostRecord | undefined;
  readonly slot: number;
  readonly status: number | undefined;
  readonly why: string | undefined;
  readonly interrupted: boolean;
  readonly how: JobEnd['sent'];
  readonly whyPreprocessed: string | undefined;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly phases: readonly TrackedPhase[];
}

/** What is kept of a job that has ended. */
export function endedJob(track: JobTrack, ended: number): EndedJob {
  const { number, file, began, host, status, reason = interruption, how, whyPreprocessed, bytesOut, bytesIn } = track;
  const { phases } = track;
  const slot = phases.findLast((one) => one.host === host)?.slot ?? 0;
  const why = host === undefined ? reason.because : undefined;
  const interrupted = host === undefined && reason === interruption;
  const place = { host, slot, status, why, interrupted };
  return { number, file, began, ended, ...place, how, whyPreprocessed, bytesOut, bytesIn, phases };
}

/** What a job did besides waiting, in ms. */
export function workOf({ phases, ended }: Pick<EndedJob, 'phases' | 'ended'>): number {
  let work = 0;
  for (const [at, { phase, at: begin }] of phases.entries())
    if (phase !== 'queue') work += (phases[at + 1]?.at ?? ended) - begin;
  return work;
}

/** As followers see it. */
export function jobEnd(job: EndedJob, clock: (ms: number) => number): JobEnd {
  const { host, slot, status, why, interrupted, how } = job;
  return {
    job: job.number,
    file: job.file,
    began: clock(job.began),
    ended: clock(job.ended),
    ...(host === undefined ? {} : { host: host.text, slot }),
    ...(status === undefined ? {} : { status }),
    ...(why === undefined ? {} : { why: readable(why) }),
    ...(interrupted ? { interrupted } : {}),
    ...(how === undefined || host === undefined ? {} : { sent: how }),
    bytesOut: job.bytesOut,
    bytesIn: job.bytesIn,
    phases: job.phases.map((one) => ({
      phase: one.phase,
      at: clock(one.at),
      ...(one.host === undefined || (one.host === host && one.slot === slot)
        ? {}
        : { host: one.host.text, slot: one.slot }),
    })),
  };
}
