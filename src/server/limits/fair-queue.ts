import { EverySecond, steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';
import { Overload } from '../policy/refusal.ts';

/** Gives a slot back; only the first call counts. */
export type Release = () => void;

/** A job that wants a slot. */
export interface Claim {
  /** The client's address. */
  readonly client: string;
  /** Cancels the wait. */
  readonly signal: AbortSignal;
  /** Ends the job, so that its client compiles elsewhere. The job must release its slot soon after. */
  readonly putBack: (reason: Overload) => void;
}

interface Waiter {
  readonly since: number;
  readonly grant: () => void;
}

interface Holder {
  readonly claim: Claim;
  readonly since: number;
  leaving: boolean;
}

/**
 * How long a client without a slot waits, in ms, before another client loses one for it. Usually a slot becomes free
 * before that.
 */
const shortWaitMs = 5000;
/**
 * How long a job may run, in ms, when its client has more than a fair share of the slots and a client without a slot
 * waits.
 */
export const longJobMs = 60_000;
/** How long any job may run, in ms, while a client without a slot waits. */
export const longestTurnMs = 600_000;

/**
 * The slots of this server and the jobs that wait for one. The client with the fewest slots is served next; clients
 * with equally many take turns; the jobs of one client keep their order. So one developer's `make -j200` does not delay
 * another's single job. When no slot becomes free for a client that has none, a long job of the client with the most
 * slots is ended.
 */
export class FairQueue {
  #slots: number;
  readonly #now: Clock;
  readonly #holders = new Set<Holder>();
  /** Waiting jobs by client address. The order of the map decides between clients with equally many slots. */
  readonly #waiting = new Map<string, Waiter[]>();
  #waitingCount = 0;
  /** Slots that are used for something else than a job. */
  #asides = 0;
  readonly #patrol = new EverySecond(() => this.review());

  constructor(slots: number, now = steadyClock) {
    this.#slots = slots;
    this.#now = now;
  }

  /** How many jobs may hold a slot. */
  get slots(): number {
    return this.#slots;
  }

  /** How many jobs hold a slot. */
  get running(): number {
    return this.#holders.size;
  }

  /** How many jobs wait for a slot. */
  get waiting(): number {
    return this.#waitingCount;
  }

  get #taken(): number {
    return this.#holders.size + this.#asides;
  }

  /** Takes a slot for work that is not a job's, when one is free for which no job waits; it is not counted as running. */
  takeIdle(): Release | undefined {
    if (this.#taken >= this.#slots || this.#waitingCount > 0) return undefined;
    this.#asides += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#asides -= 1;
      isHeld = false;
      this.#fill();
    };
  }

  /** Changes the number of slots. Jobs keep the slots they have; waiting jobs get new slots at once. */
  resize(slots: number): void {
    this.#slots = slots;
    this.#fill();
  }

  /**
   * Resolves with a slot when it is this client's turn; rejects with the signal's reason when the job is given up
   * before that.
   */
  enter(claim: Claim): Promise<Release> {
    const { client, signal } = claim;
    if (signal.aborted) return Promise.reject(asError(signal.reason));
    if (this.#taken < this.#slots && this.#waitingCount === 0) return Promise.resolve(this.#take(claim));
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#forget(client, waiter);
        reject(asError(signal.reason));
      };
      const waiter: Waiter = {
        since: this.#now(),
        grant: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(this.#take(claim));
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const line = this.#waiting.get(client);
      if (line === undefined) this.#waiting.set(client, [waiter]);
      else line.push(waiter);
      this.#waitingCount += 1;
      this.#patrol.begin();
    });
  }

  /** Ends long jobs for waiting clients without a slot; returns whether anybody still waits. */
  review(): boolean {
    const now = this.#now();
    const slotsOf = this.#count();
    let due = 0;
    for (const [client, [first]] of this.#waiting) {
      if (!slotsOf.has(client) && first !== undefined && now - first.since >= shortWaitMs) due += 1;
    }
    for (const { leaving } of this.#holders) if (leaving) due -= 1;
    for (; due > 0; due -= 1) {
      const holder = this.#longJob(now);
      if (holder === undefined) break;
      holder.leaving = true;
      const seconds = Math.floor((now - holder.since) / 1000);
      holder.claim.putBack(
        new Overload(
          'no_slot',
          `other clients wait, and this job has had its slot of this server for ${seconds} seconds`,
        ),
      );
    }
    return this.#waitingCount > 0;
  }

  /** How many slots each client has, without those that will soon be given back. */
  #count(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { claim, leaving } of this.#holders) {
      if (!leaving) counts.set(claim.client, (counts.get(claim.client) ?? 0) + 1);
    }
    return counts;
  }

  /** The long job to end: of the client with the most slots, the job that has run the shortest. */
  #longJob(now: number): Holder | undefined {
    const counts = this.#count();
    const contenders = new Set([...counts.keys(), ...this.#waiting.keys()]).size;
    const share = Math.max(1, Math.floor(this.#slots / contenders));
    let found: Holder | undefined;
    for (const holder of this.#holders) {
      const slots = counts.get(holder.claim.client) ?? 0;
      if (holder.leaving || now - holder.since < (slots > share ? longJobMs : longestTurnMs)) continue;
      const before = found === undefined ? 0 : (counts.get(found.claim.client) ?? 0);
      if (found === undefined || slots > before || (slots === before && holder.since > found.since)) found = holder;
    }
    return found;
  }

  #take(claim: Claim): Release {
    const holder = { claim, since: this.#now(), leaving: false };
    this.#holders.add(holder);
    return () => {
      if (!this.#holders.has(holder)) return;
      // The client that gives this slot back still counts as having it, so that another one comes first.
      const next = this.#nextClient();
      this.#holders.delete(holder);
      if (next !== undefined && this.#taken < this.#slots) this.#serve(next);
    };
  }

  #fill(): void {
    while (this.#taken < this.#slots) {
      const next = this.#nextClient();
      if (next === undefined) return;
      this.#serve(next);
    }
  }

  /** The waiting client with the fewest slots. */
  #nextClient(): string | undefined {
    const counts = this.#count();
    let next: string | undefined;
    for (const client of this.#waiting.keys()) {
      if (next === undefined || (counts.get(client) ?? 0) < (counts.get(next) ?? 0)) next = client;
    }
    return next;
  }

  #serve(client: string): void {
    const line = this.#waiting.get(client) ?? [];
    const waiter = line.shift();
    // The served client goes to the end of the order.
    this.#waiting.delete(client);
    if (line.length > 0) this.#waiting.set(client, line);
    if (waiter === undefined) return;
    this.#waitingCount -= 1;
    waiter.grant();
  }

  #forget(client: string, waiter: Waiter): void {
    const line = this.#waiting.get(client) ?? [];
    const at = line.indexOf(waiter);
    if (at === -1) return;
    line.splice(at, 1);
    this.#waitingCount -= 1;
    if (line.length === 0) this.#waiting.delete(client);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
