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
  /** By the host list that was used last; 0 when that has it no more. */
  slots: number;
  /** Jobs that it has done, and attempts that failed. */
  done: number;
  failed: number;
  lastFailure: { readonly why: string; readonly at: number } | undefined;
}

/** Hosts that are remembered besides those of the present list. */
const mostRemembered = 1000;

/** The hosts that an agent has heard of. */
export class HostRecords {
  readonly #records = new Map<string, HostRecord>();
  readonly #nameOf: (lockName: string) => string;
  #listed: readonly Host[] = [];

  /** `nameOf` makes a readable name of one of lock files. */
  constructor(nameOf: (lockName: string) => string) {
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

  /** Takes note of a host list; returns whether it is another one than before. */
  list(hosts: readonly Host[]): boolean {
    // A job's list is usually the same object, or has the same objects in another order.
    if (hosts === this.#listed) return false;
    const before = new Set(this.#listed);
    const same = hosts.length === before.size && hosts.every((host) => before.has(host));
    this.#listed = hosts;
    if (same) return false;
    for (const record of this.#records.values()) record.slots = 0;
    for (const host of hosts) if (host.kind !== 'local') this.of(host).slots += host.down ? 0 : host.slots;
    this.#forget();
    return true;
  }

  #forget(): void {
    for (const [name, { slots }] of this.#records) {
      if (this.#records.size <= mostRemembered) return;
      if (slots === 0) this.#records.delete(name);
    }
  }

  /** Those of the present list, and all others that have done or failed a job. */
  *all(): Generator<HostRecord> {
    for (const record of this.#records.values())
      if (record.slots > 0 || record.done > 0 || record.failed > 0) yield record;
  }

  /** How many slots the hosts of the present list have. */
  get slots(): number {
    let sum = 0;
    for (const { slots } of this.#records.values()) sum += slots;
    return sum;
  }
}
