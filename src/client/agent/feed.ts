import type { Socket } from 'node:net';
import { totalmem } from 'node:os';
import type { AgentEvent, HostPicture, MachinePicture, Picture } from '../../agent-state/events.ts';
import { agentVersion } from '../../agent-state/agent-version.ts';
import { readable } from '../../system/byte-text.ts';
import { availableMemory } from '../../system/machine/memory.ts';
import { processors } from '../../system/machine/processors.ts';
import { ProcessorUse } from '../../system/machine/processor-use.ts';
import { encodeReport } from '../../wire/agent/question.ts';
import type { History, Watcher } from '../builds/history.ts';
import type { HostRecord } from '../builds/host-record.ts';
import { jobEnd } from '../builds/job-track.ts';
import type { EndedJob, JobTrack } from '../builds/job-track.ts';
import type { SlotsReport } from '../slots/queued-slots.ts';

/** What has changed is told together, after this many ms. */
const batchMs = 50;
/** All hosts are told at most this often, in ms. */
const hostsPeriod = 100;
/** How often machine and build are told, in ms. */
const tellPeriod = 1000;
/** How many may follow. */
const mostFollowers = 16;
/** How many bytes wait for a follower that does not read; it gets a new picture in place of more. */
const mostUnread = 1024 * 1024;
/** How many jobs a picture has. */
const mostJobs = 1000;

const nobody: SlotsReport['waiting'] = new Map();

/** What the agent knows besides its history. */
export interface FeedSource {
  readonly history: History;
  /** ms since 1970. */
  readonly started: number;
  slots(): SlotsReport;
  /** Whether a host takes unpreprocessed sources, by its name among sessions; undefined when it has not been asked. */
  takesInputs(server: string): boolean | undefined;
}

/** Tells followers what an agent does. As long as nobody follows it costs nothing. */
export class Feed implements Watcher {
  readonly #source: FeedSource;
  /** Each follower, and whether it lags and needs a new picture. */
  readonly #followers = new Map<Socket, { lags: boolean }>();
  readonly #use = new ProcessorUse();
  #jobs = new Set<JobTrack>();
  #told: AgentEvent[] = [];
  #hostsChanged = false;
  #hostsTold = 0;
  #batch: NodeJS.Timeout | undefined;
  #period: NodeJS.Timeout | undefined;
  #buildRuns = false;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  /** A program follows from now on. One that follows twice, or is one too many, is turned away. */
  add(socket: Socket): void {
    if (this.#followers.has(socket) || this.#followers.size >= mostFollowers) {
      socket.destroy();
      return;
    }
    this.#source.history.watcher = this;
    this.#period ??= setInterval(() => this.#tellPeriodically(), tellPeriod).unref();
    const follower = { lags: false };
    this.#flush();
    this.#followers.set(socket, follower);
    socket.once('close', () => this.#remove(socket));
    this.#send(socket, follower, encodeReport(JSON.stringify([this.#picture()])));
  }

  #remove(socket: Socket): void {
    this.#followers.delete(socket);
    if (this.#followers.size > 0) return;
    this.#source.history.watcher = undefined;
    clearInterval(this.#period);
    clearTimeout(this.#batch);
    this.#period = this.#batch = undefined;
    this.#jobs.clear();
    this.#told = [];
    this.#hostsChanged = false;
  }

  changed(track: JobTrack): void {
    this.#jobs.add(track);
    this.#later();
  }

  ended(job: EndedJob): void {
    this.#told.push({ kind: 'end', end: jobEnd(job, this.#source.history.clock) });
    this.#later();
  }

  failed(event: Extract<AgentEvent, { kind: 'failure' }>): void {
    this.#told.push({ ...event, why: readable(event.why) });
    this.#later();
  }

  hostsChanged(): void {
    this.#hostsChanged = true;
    this.#later();
  }

  #later(): void {
    this.#batch ??= setTimeout(() => this.#flush(), batchMs).unref();
  }

  /** Tells what has changed since the last time. */
  #flush(): void {
    clearTimeout(this.#batch);
    this.#batch = undefined;
    const events = [...this.#jobEvents(), ...this.#told];
    this.#told = [];
    const now = performance.now();
    if (this.#hostsChanged && now - this.#hostsTold >= hostsPeriod) {
      this.#hostsTold = now;
      this.#hostsChanged = false;
      events.push({ kind: 'hosts', hosts: this.#hosts(this.#source.slots()) });
    }
    if (this.#hostsChanged) this.#later();
    this.#tell(events);
  }

  /** Those that have changed and still run. */
  #jobEvents(): AgentEvent[] {
    if (this.#jobs.size === 0) return [];
    const running = [...this.#jobs].filter(({ ended }) => ended === undefined);
    this.#jobs.clear();
    const someWait = running.some(({ phase }) => phase?.phase === 'queue');
    const waiting = someWait ? this.#source.slots().waiting : nobody;
    return running.map((track) => ({ kind: 'job', job: this.#running(track, waiting) }));
  }

  #running(track: JobTrack, waiting: SlotsReport['waiting']): ReturnType<JobTrack['running']> {
    return track.running(this.#source.history.clock, waiting.get(track.message.pid));
  }

  #tellPeriodically(): void {
    const events: AgentEvent[] = [{ kind: 'machine', at: Date.now(), machine: this.#machine() }];
    const build = this.#source.history.build();
    if (build !== undefined && (build.running || this.#buildRuns)) events.push({ kind: 'build', build });
    this.#buildRuns = build?.running === true;
    // A rest may have ended.
    this.#hostsChanged = true;
    this.#later();
    this.#tell(events);
    for (const [socket, follower] of this.#followers) {
      if (!follower.lags || socket.writableLength > 0) continue;
      follower.lags = false;
      this.#send(socket, follower, encodeReport(JSON.stringify([this.#picture()])));
    }
  }

  #tell(events: readonly AgentEvent[]): void {
    if (events.length === 0 || this.#followers.size === 0) return;
    const bytes = encodeReport(JSON.stringify(events));
    for (const [socket, follower] of this.#followers) if (!follower.lags) this.#send(socket, follower, bytes);
  }

  #send(socket: Socket, follower: { lags: boolean }, bytes: Buffer): void {
    socket.write(bytes);
    follower.lags = socket.writableLength > mostUnread;
  }

  #machine(): MachinePicture {
    return {
      processors: processors(),
      busy: this.#use.share(),
      memoryBytes: totalmem(),
      availableBytes: availableMemory(),
    };
  }

  #hosts(slots: SlotsReport): HostPicture[] {
    return [...this.#source.history.hosts].map((record) => this.#host(record, slots));
  }

  #host(record: HostRecord, { expected, resting }: SlotsReport): HostPicture {
    const { name, text, slots, done, failed } = record;
    const takesInputs = this.#source.takesInputs(record.server);
    const ms = expected.get(name);
    const rest = resting.get(name);
    return {
      name: text,
      slots,
      ...(takesInputs === undefined ? {} : { takesInputs }),
      done,
      failed,
      ...(ms === undefined || ms === Infinity ? {} : { expected: ms / 1000 }),
      ...(rest === undefined
        ? {}
        : { rest: { why: readable(rest.why), until: this.#source.history.clock(rest.until) } }),
    };
  }

  #picture(): Picture {
    const { history, started } = this.#source;
    const slots = this.#source.slots();
    const build = history.build();
    this.#buildRuns = build?.running === true;
    return {
      kind: 'picture',
      at: Date.now(),
      agent: { pid: process.pid, version: agentVersion, started },
      hosts: this.#hosts(slots),
      machine: this.#machine(),
      jobs: [...history.running].slice(-mostJobs).map((track) => this.#running(track, slots.waiting)),
      here: history.here,
      ended: history.lately(),
      ...(build === undefined ? {} : { build }),
    };
  }
}
