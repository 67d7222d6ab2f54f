import { Overload } from '../policy/refusal.ts';

/** What a connection is about: its request comes, waits for a slot, is compiled, is answered. */
export type Stage = 'receiving' | 'waiting' | 'compiling' | 'answering';

/** How many connections may be open. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** One connection among the others. */
export interface Stay {
  readonly address: string;
  stage: Stage;
  /** Ends the connection for the sake of another client. */
  end: (reason: Overload) => void;
  /** The connection is closed. */
  leave(): void;
}

class Guest implements Stay {
  readonly #left: (guest: Guest) => void;
  readonly address: string;
  stage: Stage = 'receiving';
  leaving = false;
  end: (reason: Overload) => void = () => {};

  constructor(address: string, left: (guest: Guest) => void) {
    this.address = address;
    this.#left = left;
  }

  leave(): void {
    this.#left(this);
  }
}

/** The stay of a connection that has the house to itself. */
export const onlyGuest = (address: string): Stay => new Guest(address, () => {});

/**
 * Who is connected. When all places are taken, a client that has fewer of them than another one gets in: the oldest unfinished request of
 * the address that has most is closed for it.
 */
export class House {
  readonly #limits: ConnectionLimits;
  /** In the order in which they came. */
  readonly #guests = new Map<string, Set<Guest>>();
  /** Places that are taken, without those that are about to be left. */
  #taken = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Admits a connection; undefined when it gets no place. */
  admit(address: string): Stay | undefined {
    const mine = this.#guests.get(address)?.size ?? 0;
    if (mine >= this.#limits.perAddress) return undefined;
    if (this.#taken >= this.#limits.total) {
      const other = this.#inTheWayOf(mine);
      if (other === undefined) return undefined;
      other.leaving = true;
      this.#taken -= 1;
      other.end(new Overload('all connections of this server are taken, and other clients have fewer of them'));
    }
    const guest = new Guest(address, (leaving) => this.#leave(leaving));
    this.#guests.set(address, (this.#guests.get(address) ?? new Set()).add(guest));
    this.#taken += 1;
    return guest;
  }

  #leave(guest: Guest): void {
    const theirs = this.#guests.get(guest.address);
    if (theirs?.delete(guest) !== true) return;
    if (theirs.size === 0) this.#guests.delete(guest.address);
    if (!guest.leaving) this.#taken -= 1;
  }

  /** Whose connection to close for a client with `mine` places: one of an address that has more. */
  #inTheWayOf(mine: number): Guest | undefined {
    const crowds = [...this.#guests.values()]
      .map((guests) => [...guests].filter(({ leaving }) => !leaving))
      .filter((guests) => guests.length > mine)
      .sort((one, other) => other.length - one.length);
    for (const guests of crowds) {
      const found =
        guests.find(({ stage }) => stage === 'receiving') ??
        // The last to come would be the last to have a slot.
        guests.findLast(({ stage }) => stage === 'waiting') ??
        guests.find(({ stage }) => stage === 'answering');
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
