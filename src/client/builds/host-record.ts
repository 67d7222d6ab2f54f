import type { DistantHost, Host } from '../hosts/host.ts';
import { lockName, serverName } from '../hosts/host.ts';

/** What an agent remembers of a host as long as it lives. */
export interface HostRecord {
  /** As lock files name it. */
  readonly name: string;
  /** As a message names it: without options. */
  readonly text: string;
  /** As sessions name it. */
  readonly server: string;
  /** By present host lists; 0 when none of them has it any more. */
  slots: number;
  /** Jobs that it has done, and attempts that failed. */
  done: number;
  failed: number;
  lastFailure: { readonly why: string; readonly at: number } | undefined;
}

/** Hosts that are remembered besides those of present lists. */
const mostRemembered = 1000;
/** Builds with lists of their own may run side by side: a list is present for so long after the last use of any, in ms. */
const presentMs = 60_000;
/** Lists that are present at a time. */
const mostLists = 8;

interface UsedList {
  readonly hosts: ReadonlySet<Host>;
  at: number;
}

/** The hosts that an agent has heard of. */
export class HostRecords {
  readonly #records = new Map<string, HostRecord>();
  readonly #now: () => number;
  readonly #nameOf: (lockName: string) => string;
  /** The array that was used last, and the lists by their use, the latest last. */
  #last: readonly Host[] = [];
  #lists: UsedList[] = [];

  /** `now` is a clock that only goes forward, in ms; `nameOf` makes a readable name of one of lock files. */
  constructor(now: () => number, nameOf: (lockName: string) => string) {
    this.#now = now;
    this.#nameOf = nameOf;
  }

  /** The record of a host. */
  of(host: DistantHost): HostRecord {
    const name = lockName(host);
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    const made: HostRecord = {
      name,
      text: this.#nameOf(name),
      server: serverName(host),
      slots: 0,
      done: 0,
      failed: 0,
      lastFailure: undefined,
    };
    this.#records.set(name, made);
    return made;
  }

  /** Takes note of a job's host list; returns whether that changes what is listed. */
  list(hosts: readonly Host[]): boolean {
    const now = this.#now();
    const latest = this.#lists.at(-1);
    // A job's list is usually the same object, or has the same objects in another order.
    if (hosts === this.#last && latest !== undefined) {
      latest.at = now;
      return false;
    }
    this.#last = hosts;
    const known = this.#lists.find(
      (one) => one.hosts.size === hosts.length && hosts.every((host) => one.hosts.has(host)),
    );
    const before = this.#lists.length;
    const present = this.#lists.filter((one) => one !== known && now - one.at < presentMs);
    this.#lists = [...present, { hosts: known?.hosts ?? new Set(hosts), at: now }].slice(-mostLists);
    if (known !== undefined && this.#lists.length === before) return false;
    this.#countSlots();
    return true;
  }

  #countSlots(): void {
    for (const record of this.#records.values()) record.slots = 0;
    for (const { hosts } of this.#lists) {
      const slots = new Map<HostRecord, number>();
      for (const host of hosts) {
        if (host.kind === 'local') continue;
        const record = this.of(host);
        slots.set(record, (slots.get(record) ?? 0) + (host.down ? 0 : host.slots));
      }
      for (const [record, count] of slots) record.slots = Math.max(record.slots, count);
    }
    this.#forget();
  }

  #forget(): void {
    for (const [name, { slots }] of this.#records) {
      if (this.#records.size <= mostRemembered) return;
      if (slots === 0) this.#records.delete(name);
    }
  }

  /** Those of present lists, and all others that have done or failed a job. */
  *all(): Generator<HostRecord> {
    for (const record of this.#records.values())
      if (record.slots > 0 || record.done > 0 || record.failed > 0) yield record;
  }

  /** How many slots the hosts of present lists have. */
  get slots(): number {
    let sum = 0;
    for (const { slots } of this.#records.values()) sum += slots;
    return sum;
  }
}
