import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import type {
  AgentEvent,
  BuildSummary,
  HostPicture,
  JobEnd,
  JobPhase,
  Picture,
  RunningJob,
} from '../../../src/agent-state/events.ts';
import { FrameReader, kinds } from '../../../src/wire/agent/frame.ts';
import { encodeReport, readAsk } from '../../../src/wire/agent/question.ts';

/** A picture of an agent that has nothing to do. */
export function quietPicture(more: Partial<Picture> = {}): Picture {
  return {
    kind: 'picture',
    at: Date.now(),
    agent: { pid: 4242, version: '0.1.0-played', started: 1_000_000 },
    hosts: [],
    machine: { processors: 8, busy: 0.12, memoryBytes: 32e9, availableBytes: 21e9 },
    jobs: [],
    here: { done: 0, failed: 0 },
    ended: [],
    ...more,
  };
}

/** An agent that a test plays for those who follow it. */
export class PlayedFeed {
  /** What a new follower is told first. */
  picture: () => Picture = quietPicture;
  readonly #server: Server;
  readonly #path: string;
  readonly #followers = new Set<Socket>();

  private constructor(path: string) {
    this.#path = path;
    this.#server = createServer((socket) => {
      const reader = new FrameReader();
      socket.on('error', () => {});
      socket.on('close', () => this.#followers.delete(socket));
      socket.on('data', (chunk: Buffer) => {
        reader.feed(chunk);
        const frame = reader.next();
        if (frame?.kind !== kinds.ASK || readAsk(frame.content) !== 'follow') return;
        socket.write(encodeReport(JSON.stringify([this.picture()])));
        this.#followers.add(socket);
      });
    });
  }

  /** Listens as an agent of that name in a DISTCC_DIR. */
  static async start(directory: string, name = 'played'): Promise<PlayedFeed> {
    mkdirSync(join(directory, 'agent'), { recursive: true, mode: 0o700 });
    const path = join(directory, 'agent', name);
    rmSync(path, { force: true });
    const feed = new PlayedFeed(path);
    feed.#server.listen(path);
    await once(feed.#server, 'listening');
    return feed;
  }

  get followers(): number {
    return this.#followers.size;
  }

  tell(...events: readonly AgentEvent[]): void {
    if (events.length === 0) return;
    const report = encodeReport(JSON.stringify(events));
    for (const socket of this.#followers) socket.write(report);
  }

  async end(): Promise<void> {
    for (const socket of this.#followers) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
    rmSync(this.#path, { force: true });
  }
}

/** A host of a played farm. */
export interface PlayedHost {
  readonly name: string;
  readonly slots: number;
}

/** Numbers that look random and are the same each time. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const directories = ['src/parser', 'src/render', 'src/net', 'lib/codec', 'lib/text', 'test/unit'];
const stems = [
  'lexer',
  'tree',
  'layout',
  'style',
  'socket',
  'buffer',
  'unicode',
  'frame',
  'index',
  'query',
  'event',
  'matrix',
];
const endings = ['_impl.cpp', '.cpp', '_test.cpp', '.c'];

interface Working {
  job: RunningJob;
  readonly phases: { phase: JobPhase; at: number }[];
  /** When each next phase begins, and when it ends. */
  readonly plan: { phase: JobPhase; at: number }[];
  readonly ends: number;
  /** Whether the host has kept the result. */
  readonly kept: boolean;
}

/** A build that is played on hosts: jobs begin when a slot is free, and pass through their phases. */
export class PlayedBuild {
  readonly hosts: readonly PlayedHost[];
  readonly #random: () => number;
  /** How long a job takes, in seconds. */
  readonly #seconds: number;
  #working: Working[] = [];
  #next = 1;
  readonly #done = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  readonly ended: JobEnd[] = [];
  readonly began: number;
  #debt = 0;
  #last: number;
  /** A host that rests. */
  resting: string | undefined;

  constructor(hosts: readonly PlayedHost[], seconds: number, now: number, seed = 7) {
    this.hosts = hosts;
    this.#seconds = seconds;
    this.#random = numbersFrom(seed);
    this.began = now;
    this.#last = now;
  }

  /** What has happened until `now`, when `rate` jobs a second come, and `here` of them stay on this machine. */
  step(now: number, rate: number, here = 0.03): AgentEvent[] {
    const events: AgentEvent[] = [];
    this.#debt += (rate * (now - this.#last)) / 1000;
    this.#last = now;
    for (const work of this.#working) this.#advance(work, now, events);
    this.#working = this.#working.filter((work) => work.ends > now || !this.#end(work, events));
    while (this.#debt >= 1) {
      this.#debt -= 1;
      const host = this.#random() < here ? undefined : this.#freeHost();
      this.#begin(host, now, events);
    }
    return events;
  }

  hostPictures(now: number): HostPicture[] {
    return this.hosts.map(({ name, slots }) => ({
      name,
      slots,
      takesInputs: true,
      done: this.#done.get(name) ?? 0,
      failed: this.#failed.get(name) ?? 0,
      expected: this.#seconds,
      ...(name === this.resting
        ? { rest: { why: `connecting to ${name}:3632 failed: No route to host`, until: now + 42_000 } }
        : {}),
    }));
  }

  picture(): Picture {
    const now = Date.now();
    return quietPicture({
      hosts: this.hostPictures(now),
      jobs: this.#working.map(({ job }) => job),
      ended: this.ended.slice(-2000),
      here: { done: this.ended.filter(({ host }) => host === undefined).length, failed: 0 },
      machine: { processors: 8, busy: 0.34, memoryBytes: 32e9, availableBytes: 19e9 },
      build: this.summary(true),
    });
  }

  /** What the build has done so far, or all in all. */
  summary(running: boolean): BuildSummary {
    const remote = this.ended.filter(({ host }) => host !== undefined);
    const local = this.ended.length - remote.length;
    const ended = this.ended.at(-1)?.ended ?? this.began;
    const seconds = (end: JobEnd): number => (end.ended - end.began) / 1000;
    return {
      began: this.began,
      ended,
      running,
      jobs: this.ended.length,
      remote: remote.length,
      local,
      failedJobs: 0,
      wallSeconds: (ended - this.began) / 1000,
      localSeconds: this.ended.reduce((sum, end) => sum + seconds(end), 0) / 8,
      hosts: this.hosts.map(({ name }) => {
        const own = remote.filter(({ host }) => host === name);
        return {
          name,
          jobs: own.length,
          failures: this.#failed.get(name) ?? 0,
          busySeconds: own.reduce((sum, end) => sum + seconds(end), 0),
          bytesOut: own.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
          bytesIn: own.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
        };
      }),
      localReasons: local === 0 ? [] : [{ why: 'it links', jobs: local, cure: '' }],
      failures:
        this.resting === undefined
          ? []
          : [{ host: this.resting, why: 'No route to host', count: 3, cure: 'see whether it is up: ping build5' }],
      preprocessedReasons: [{ why: 'the assembler reads a file by itself (.incbin)', jobs: 2 }],
      unpreprocessed: Math.max(0, remote.length - 2),
      preprocessed: Math.min(2, remote.length),
      results: remote.filter(({ sent }) => sent === 'result').length,
      slowest: [...this.ended]
        .sort((one, other) => seconds(other) - seconds(one))
        .slice(0, 10)
        .map((end) => ({
          file: end.file,
          ...(end.host === undefined ? {} : { host: end.host }),
          seconds: seconds(end),
        })),
      limit: 'slots',
      limitText: 'Every slot was busy for 81 % of the time: more hosts, or more slots on these, would make it faster.',
    };
  }

  #freeHost(): { name: string; slot: number } | undefined {
    const taken = new Set(this.#working.map(({ job }) => `${job.host}/${job.slot}`));
    const usable = this.hosts.filter(({ name }) => name !== this.resting);
    const free = usable.flatMap(({ name, slots }) =>
      Array.from({ length: slots }, (_, slot) => ({ name, slot })).filter(({ slot }) => !taken.has(`${name}/${slot}`)),
    );
    return free[Math.floor(this.#random() * free.length)] ?? undefined;
  }

  #begin(host: { name: string; slot: number } | undefined, now: number, events: AgentEvent[]): void {
    const number = this.#next;
    this.#next += 1;
    const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(this.#random() * from.length)];
    const file = `${pick(directories)}/${pick(stems)}${pick(endings)}`;
    const kept = host !== undefined && this.#random() < 0.15;
    const whole = (kept ? 0.25 : 1) * this.#seconds * (0.4 + 1.3 * this.#random() ** 2) * 1000;
    const parts: readonly (readonly [JobPhase, number])[] =
      host === undefined
        ? [['local', 1]]
        : kept || this.#random() < 0.85
          ? [
              ['connect', 0.03],
              ['send', 0.12],
              ['compile', 0.77],
              ['receive', 0.08],
            ]
          : [
              ['preprocess', 0.22],
              ['connect', 0.03],
              ['send', 0.15],
              ['compile', 0.55],
              ['receive', 0.05],
            ];
    let at = now;
    const plan = parts.map(([phase, share]) => {
      const start = { phase, at };
      at += whole * share;
      return start;
    });
    const [first = { phase: 'compile' as const, at: now }, ...rest] = plan;
    const job: RunningJob = {
      job: number,
      pid: 10_000 + number,
      directory: '/home/user/project',
      file: host === undefined && this.#random() < 0.5 ? 'project' : file,
      began: now,
      phase: first.phase,
      since: now,
      ...(host === undefined ? { why: 'it links' } : { host: host.name, slot: host.slot }),
    };
    this.#working.push({ job, phases: [first], plan: rest, ends: at, kept });
    events.push({ kind: 'job', job });
  }

  #advance(work: Working, now: number, events: AgentEvent[]): void {
    for (let next = work.plan[0]; next !== undefined && next.at <= now; next = work.plan[0]) {
      work.plan.shift();
      work.phases.push(next);
      work.job = { ...work.job, phase: next.phase, since: next.at };
      events.push({ kind: 'job', job: work.job });
    }
  }

  #end({ job, phases, ends, kept }: Working, events: AgentEvent[]): true {
    const { host, slot } = job;
    const end: JobEnd = {
      job: job.job,
      file: job.file,
      began: job.began,
      ended: ends,
      status: 0,
      phases,
      bytesOut: host === undefined ? 0 : Math.round(20_000 + 90_000 * this.#random()),
      bytesIn: host === undefined ? 0 : Math.round(8000 + 60_000 * this.#random()),
      ...(host === undefined
        ? { why: 'it links' }
        : { host, slot: slot ?? 0, sent: kept ? 'result' : 'unpreprocessed' }),
    };
    this.ended.push(end);
    if (host !== undefined) this.#done.set(host, (this.#done.get(host) ?? 0) + 1);
    if (this.ended.length > 20_000) this.ended.splice(0, 10_000);
    events.push({ kind: 'end', end });
    return true;
  }

  /** A job of that host fails there. */
  fail(name: string, now: number): AgentEvent[] {
    const work = this.#working.find(({ job }) => job.host === name);
    if (work === undefined) return [];
    this.#failed.set(name, (this.#failed.get(name) ?? 0) + 1);
    this.#working = this.#working.filter((one) => one !== work);
    return [{ kind: 'failure', at: now, job: work.job.job, host: name, why: 'No route to host' }];
  }
}
