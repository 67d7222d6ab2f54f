import { Overload } from '../policy/refusal.ts';

/** The stage of a connection: its request arrives, waits for a slot, is compiled, is answered. */
export type Stage = 'receiving' | 'waiting' | 'compiling' | 'answering';

/** How many connections may be open. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** One connection among the others. */
export interface OpenConnection {
  readonly address: string;
  stage: Stage;
  /** Called to end the connection in favour of another client. */
  end: (reason: Overload) => void;
  /** To be called when the connection is closed. */
  leave(): void;
}

class Entry implements OpenConnection {
  readonly #left: (entry: Entry) => void;
  readonly address: string;
  stage: Stage = 'receiving';
  leaving = false;
  end: (reason: Overload) => void = () => {};

  constructor(address: string, left: (entry: Entry) => void) {
    this.address = address;
    this.#left = left;
  }

  leave(): void {
    this.#left(this);
  }
}

/** A connection that is not counted among others. */
export const onlyConnection = (address: string): OpenConnection => new Entry(address, () => {});

/**
 * All open connections. When they are all taken, a client that has fewer than another one is still admitted: the oldest
 * unfinished request of the address with the most connections is closed.
 */
export class OpenConnections {
  readonly #limits: ConnectionLimits;
  /** By address, in the order in which they came. */
  readonly #entries = new Map<string, Set<Entry>>();
  /** The number of connections, without those that are about to end. */
  #taken = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Admits a connection; undefined when there are too many. */
  admit(address: string): OpenConnection | undefined {
    const mine = this.#entries.get(address)?.size ?? 0;
    if (mine >= this.#limits.perAddress) return undefined;
    if (this.#taken >= this.#limits.total) {
      const other = this.#inTheWayOf(mine);
      if (other === undefined) return undefined;
      other.leaving = true;
      this.#taken -= 1;
      other.end(
        new Overload(
          'too_many_connections',
          'all connections of this server are taken, and other clients have fewer of them',
        ),
      );
    }
    const entry = new Entry(address, (leaving) => this.#leave(leaving));
    this.#entries.set(address, (this.#entries.get(address) ?? new Set()).add(entry));
    this.#taken += 1;
    return entry;
  }

  #leave(entry: Entry): void {
    const theirs = this.#entries.get(entry.address);
    if (theirs?.delete(entry) !== true) return;
    if (theirs.size === 0) this.#entries.delete(entry.address);
    if (!entry.leaving) this.#taken -= 1;
  }

  /** The connection to close for a client with `mine` connections: one of an address that has more. */
  #inTheWayOf(mine: number): Entry | undefined {
    const crowds = [...this.#entries.values()]
      .map((entries) => [...entries].filter(({ leaving }) => !leaving))
      .filter((entries) => entries.length > mine)
      .sort((one, other) => other.length - one.length);
    for (const entries of crowds) {
      const found =
        entries.find(({ stage }) => stage === 'receiving') ??
        // The newest waiting one, which would get its slot last.
        entries.findLast(({ stage }) => stage === 'waiting') ??
        entries.find(({ stage }) => stage === 'answering');
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
