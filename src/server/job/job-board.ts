import { refusalReasons } from '../policy/refusal.ts';
import type { RefusalReason } from '../policy/refusal.ts';
import type { JobEnd } from './job-end.ts';
import { JobRecord } from './job-record.ts';

/** A connection that has ended, and the bytes that it moved. */
export interface EndedJob {
  readonly record: JobRecord;
  readonly end: JobEnd;
  readonly received: number;
  readonly sent: number;
}

/** Is told of each job that has ended, while its connection still counts: it must be quick and must not throw. */
export type JobObserver = (job: EndedJob) => void;

/** What one client has had since it came, as far as it is remembered. */
export interface ClientCounts {
  readonly address: string;
  /** Compiles with an object; among them answers from kept results. */
  ok: number;
  kept: number;
  /** Compiles whose compiler failed. */
  failed: number;
  refused: number;
  /** Jobs without either: the client left, or time was over. */
  lost: number;
  /** When its last connection ended, in ms since the epoch. */
  last: number;
}

/** The last refusal for a reason. */
export interface LastRefusal {
  readonly client: string;
  readonly sentence: string;
  /** In ms since the epoch. */
  readonly at: number;
}

/** How often a reason has come up. */
export interface RefusalCount {
  readonly reason: RefusalReason;
  readonly count: number;
  /** Left out while there was none. */
  readonly last?: LastRefusal | undefined;
}

/** How many clients are remembered; of more, those are forgotten that have been away for longest. */
const mostClients = 1024;
/** The longest sentence that is kept, in characters. */
const longestSentence = 500;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a table of reasons
const reasons = Object.keys(refusalReasons) as RefusalReason[];

/** Who is served now, who was, and what was refused: what an administrator looks at. All of it is bounded. */
export class JobBoard {
  readonly #open = new Set<JobRecord>();
  readonly #clients = new Map<string, ClientCounts>();
  readonly #refusals = new Map<RefusalReason, { count: number; last: LastRefusal }>();
  #observer: JobObserver | undefined;

  /** Has one observer told of all that ends from now on. */
  tell(observer: JobObserver): void {
    this.#observer = observer;
  }

  /** The connections that are served now, the oldest first. */
  get open(): readonly JobRecord[] {
    return [...this.#open];
  }

  /** The clients that are remembered, the latest last. */
  get clients(): readonly ClientCounts[] {
    return [...this.#clients.values()];
  }

  /** All reasons, in the order of their table. */
  get refusals(): readonly RefusalCount[] {
    return reasons.map((reason) => {
      const { count = 0, last } = this.#refusals.get(reason) ?? {};
      return { reason, count, last };
    });
  }

  /** Begins the record of an admitted client's connection, which close() ends. */
  begin(client: string): JobRecord {
    const record = new JobRecord(client, performance.now());
    this.#open.add(record);
    return record;
  }

  /** Ends a record; `now` is in ms since the epoch. A client that said nothing had no job. */
  close(job: EndedJob, now: number): void {
    const { record, end } = job;
    record.leave(performance.now());
    this.#open.delete(record);
    if (end.unheard === true) return;
    this.#count(record.client, end, now);
    if (end.refused !== undefined) this.refuse(end.refused.reason, record.client, end.refused.sentence, now);
    this.#observer?.(job);
  }

  /** Counts a refusal, of a job or of a connection; `now` is in ms since the epoch. */
  refuse(reason: RefusalReason, client: string, sentence: string, now: number): void {
    const count = (this.#refusals.get(reason)?.count ?? 0) + 1;
    this.#refusals.set(reason, { count, last: { client, sentence: sentence.slice(0, longestSentence), at: now } });
  }

  #count(address: string, end: JobEnd, now: number): void {
    const found = this.#clients.get(address);
    const counts = found ?? { address, ok: 0, kept: 0, failed: 0, refused: 0, lost: 0, last: now };
    counts.last = now;
    if (end.refused !== undefined) counts.refused += 1;
    else if (end.class === 'COMPILE_OK') counts.ok += 1;
    else if (end.class === 'COMPILE_ERROR') counts.failed += 1;
    else counts.lost += 1;
    if (end.kept === true) counts.kept += 1;
    // The map is in the order of the last visits.
    this.#clients.delete(address);
    this.#clients.set(address, counts);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > mostClients && oldest !== undefined) this.#clients.delete(oldest);
  }
}
