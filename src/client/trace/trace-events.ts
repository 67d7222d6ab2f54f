import { phasesAtHost } from '../../agent-state/events.ts';
import type { AgentEvent, JobEnd, JobPhase, RunningJob } from '../../agent-state/events.ts';

/** An event of a trace: a slice ("X"), the name of a row ("M"), or a moment ("i"); times are µs since 1970. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'M' | 'i';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly s?: 'p';
  readonly args?: Readonly<Record<string, string | number>>;
}

/** A part of a job at one place. */
interface Piece {
  readonly phase: JobPhase;
  readonly begin: number;
  readonly end: number;
  readonly host: string | undefined;
  readonly slot: number;
}

/** Groups of rows, in the order in which they are shown; each host follows. */
const machine = { number: 1, name: 'this machine' };
const queue = { number: 2, name: 'waiting' };

/** Groups of one agent, at most; only after an upgrade are there two agents. */
const groupsOfAgent = 10_000;

/** Jobs that are remembered, so that a new picture does not bring them again. */
const mostRemembered = 20_000;

const microseconds = (ms: number): number => Math.round(ms * 1000);

/** A row of a trace. */
type Row = Pick<TraceEvent, 'pid' | 'tid'>;

function slice(name: string, cat: string, [from, to]: readonly [number, number], row: Row): TraceEvent {
  const ts = microseconds(from);
  return { name, cat, ph: 'X', ts, dur: Math.max(0, microseconds(to) - ts), ...row };
}

/** Rows of a group on which slices do not overlap: the time until which each is taken. */
class Rows {
  readonly #taken: number[] = [];

  /** The first row that is free from then on. */
  take(begin: number, end: number): number {
    const found = this.#taken.findIndex((until) => until <= begin);
    const row = found === -1 ? this.#taken.length : found;
    this.#taken[row] = end;
    return row;
  }

  /** Takes a certain row; returns from when on it is free. */
  takeAt(row: number, begin: number, end: number): number {
    const from = Math.max(begin, this.#taken[row] ?? -Infinity);
    this.#taken[row] = Math.max(from, end);
    return from;
  }
}

function piecesOf({ phases, ended, host, slot = 0 }: JobEnd): Piece[] {
  return phases.map((one, at) => ({
    phase: one.phase,
    begin: one.at,
    end: phases[at + 1]?.at ?? ended,
    host: one.host ?? (phasesAtHost.has(one.phase) ? host : undefined),
    slot: one.slot ?? slot,
  }));
}

/** Neighbouring pieces at the same place. */
function* stays(pieces: readonly Piece[]): Generator<[Piece, ...Piece[]]> {
  let stay: [Piece, ...Piece[]] | undefined;
  for (const piece of pieces) {
    const same =
      stay !== undefined && piece.host !== undefined && stay[0].host === piece.host && stay[0].slot === piece.slot;
    if (stay !== undefined && same) stay.push(piece);
    else {
      if (stay !== undefined) yield stay;
      stay = [piece];
    }
  }
  if (stay !== undefined) yield stay;
}

/** Makes events of a trace of what an agent tells: a row for each slot of each host, and rows for work on this machine. */
export class TraceEvents {
  readonly #groups = new Map<number, Rows>();
  readonly #hosts = new Map<string, number>();
  readonly #named = new Set<string>();
  #written = new Set<number>();
  #running = new Map<number, RunningJob>();
  readonly #first: number;
  /** Jobs so far. */
  jobs = 0;

  /** Agents have groups of their own: `agent` counts them from 0. */
  constructor(agent = 0) {
    this.#first = agent * groupsOfAgent;
  }

  /** The events for what the agent tells. */
  add(event: AgentEvent): TraceEvent[] {
    switch (event.kind) {
      case 'picture':
        this.#running = new Map(event.jobs.map((job) => [job.job, job]));
        return event.ended.flatMap((end) => this.#end(end));
      case 'job':
        this.#running.set(event.job.job, event.job);
        return [];
      case 'end':
        return this.#end(event.end);
      case 'failure': {
        const group = this.#groupOf(event.host);
        const row = { pid: group, tid: 0 };
        return [
          ...this.#nameGroup(group, event.host),
          { name: 'failure', ph: 'i', s: 'p', ts: microseconds(event.at), ...row, args: { why: event.why } },
        ];
      }
      case 'hosts':
      case 'machine':
      case 'build':
        return [];
    }
  }

  /** Slices for the jobs that have not ended. */
  unfinished(now: number): TraceEvent[] {
    return [...this.#running.values()].flatMap(({ job, file, began, phase, since, host, slot }) => {
      const place = host === undefined ? {} : { host, slot: slot ?? 0 };
      const phases =
        since > began
          ? [
              { phase: 'queue' as const, at: began },
              { phase, at: since },
            ]
          : [{ phase, at: since }];
      return this.#end({
        job,
        file: `${file} (not finished)`,
        began,
        ended: now,
        ...place,
        bytesOut: 0,
        bytesIn: 0,
        phases,
      });
    });
  }

  #end(end: JobEnd): TraceEvent[] {
    this.#running.delete(end.job);
    if (this.#written.has(end.job)) return [];
    if (this.#written.size >= mostRemembered) this.#written = new Set([...this.#written].slice(mostRemembered / 2));
    this.#written.add(end.job);
    this.jobs += 1;
    return [...stays(piecesOf(end))].flatMap((stay) => this.#stay(end, stay));
  }

  /** A job's time at one place: a slice with its name, and in that its phases. */
  #stay(end: JobEnd, stay: readonly [Piece, ...Piece[]]): TraceEvent[] {
    const [{ phase, host, slot, begin }] = stay;
    const until = stay.at(-1)?.end ?? begin;
    if (host === undefined) {
      const group = phase === 'queue' ? queue : machine;
      const pid = this.#first + group.number;
      const tid = this.#rowsOf(pid).take(begin, until);
      const whole = slice(end.file, phase, [begin, until], { pid, tid });
      return [...this.#nameGroup(pid, group.name), { ...whole, args: argsOf(end, phase) }];
    }
    const pid = this.#groupOf(host);
    const from = this.#rowsOf(pid).takeAt(slot, begin, until);
    if (from >= until) return [];
    const row = { pid, tid: slot };
    const inner = stay.filter((one) => one.end > from);
    return [
      ...this.#nameGroup(pid, host),
      ...this.#nameRow(row),
      { ...slice(end.file, 'job', [from, until], row), args: argsOf(end, phase) },
      ...inner.map((one) => slice(one.phase, one.phase, [Math.max(from, one.begin), one.end], row)),
    ];
  }

  #rowsOf(group: number): Rows {
    const known = this.#groups.get(group) ?? new Rows();
    this.#groups.set(group, known);
    return known;
  }

  #groupOf(host: string): number {
    const known = this.#hosts.get(host) ?? this.#first + queue.number + 1 + this.#hosts.size;
    this.#hosts.set(host, known);
    return known;
  }

  #once(key: string, event: TraceEvent): TraceEvent[] {
    if (this.#named.has(key)) return [];
    this.#named.add(key);
    return [event];
  }

  #nameGroup(pid: number, name: string): TraceEvent[] {
    return [
      ...this.#once(`${pid}`, { name: 'process_name', ph: 'M', pid, tid: 0, args: { name } }),
      ...this.#once(`${pid} order`, { name: 'process_sort_index', ph: 'M', pid, tid: 0, args: { sort_index: pid } }),
    ];
  }

  #nameRow({ pid, tid }: Row): TraceEvent[] {
    const name = `slot ${tid + 1}`;
    return this.#once(`${pid} ${tid}`, { name: 'thread_name', ph: 'M', pid, tid, args: { name } });
  }
}

function argsOf(
  { job, status, why, sent, bytesOut, bytesIn }: JobEnd,
  phase: JobPhase,
): Record<string, string | number> {
  return {
    job,
    ...(status === undefined ? {} : { status }),
    ...(why === undefined || phase === 'queue' ? {} : { why }),
    ...(sent === undefined ? {} : { sent }),
    ...(bytesOut + bytesIn === 0 ? {} : { bytesOut, bytesIn }),
  };
}
