import { EverySecond, steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';
import { Overload } from '../policy/refusal.ts';

interface Waiter {
  readonly account: Account;
  readonly bytes: number;
  readonly grant: () => void;
  readonly since: number;
}

/** What one connection has borrowed. */
export interface BudgetAccount {
  /** Bytes lent. */
  readonly lent: number;
  /** Whether all has come for which bytes were lent: then others are closed before it. */
  complete: boolean;
  /** Lends that many more bytes now, or returns false. */
  tryTake(bytes: number): boolean;
  /** Calls `grant` once that many more bytes are lent; the result takes a waiting request back. */
  wait(bytes: number, grant: () => void): () => void;
  /** Gives everything back. */
  close(): void;
}

/** How many bytes there are. */
export interface BudgetSize {
  /** For all together, of which one address may have half. */
  readonly total: number;
  /** On top of it for one account at a time, so that it can finish. */
  readonly overdraft: number;
}

/** While nothing is given back for this long, in ms, those who wait wait in vain: somebody else has to give way. */
export const standstillMs = 5000;

/**
 * How much the requests, or the answers, of all clients may fill. Whoever wants more than is left waits with its socket
 * paused, first come first served: a stranger can make itself wait, not make us grow. One address may have half of it,
 * so that it cannot make others wait for long. When somebody could go on nowhere, one account may finish outside of the
 * total, a single one at a time for all: halves of large requests would otherwise wait for each other. When that does
 * not help either, the oldest unfinished request of the address that has most is closed for a client that has less.
 */
export class ByteBudget {
  readonly #size: BudgetSize;
  readonly #now: Clock;
  #used = 0;
  #overdrawn: Account | undefined;
  readonly #accounts = new Set<Account>();
  readonly #usedBy = new Map<string, number>();
  #waiters: Waiter[] = [];
  readonly #patrol = new EverySecond(() => this.review());

  constructor(size: BudgetSize, now = steadyClock) {
    this.#size = size;
    this.#now = now;
  }

  /** Bytes that are lent out. */
  get used(): number {
    return this.#used;
  }

  /** The most that one account can ever have. */
  get largest(): number {
    return this.#size.total / 2 + this.#size.overdraft;
  }

  /**
   * The account of a new connection from this address; `dismiss` ends the connection for the sake of another client.
   */
  open(address: string, dismiss: (reason: Overload) => void): BudgetAccount {
    return new Account(this, address, dismiss);
  }

  /** For accounts: lends bytes when there is room in the whole and in the address's half. */
  lend(account: Account, bytes: number): boolean {
    const mine = this.#usedBy.get(account.address) ?? 0;
    if (this.#used + bytes > this.#size.total || mine + bytes > this.#size.total / 2) return false;
    this.#used += bytes;
    this.#usedBy.set(account.address, mine + bytes);
    account.borrowed += bytes;
    this.#accounts.add(account);
    return true;
  }

  /** For accounts: keeps a request until there is room. */
  enqueue(account: Account, bytes: number, grant: () => void): () => void {
    const waiter = { account, bytes, grant, since: this.#now() };
    this.#waiters.push(waiter);
    this.#wake();
    this.#patrol.begin();
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
  }

  /** For accounts: takes back what was lent. */
  takeBack(account: Account, bytes: number): void {
    if (this.#overdrawn === account) this.#overdrawn = undefined;
    this.#accounts.delete(account);
    this.#used -= bytes;
    const mine = (this.#usedBy.get(account.address) ?? 0) - bytes;
    if (mine > 0) this.#usedBy.set(account.address, mine);
    else this.#usedBy.delete(account.address);
    this.#wake();
  }

  /** For accounts: what may be had on top of what is lent. */
  overdraftOf(account: Account): number {
    return this.#overdrawn === account ? this.#size.overdraft : 0;
  }

  /** Closes a request for somebody who waits in vain; tells whether anybody still waits. */
  review(): boolean {
    const now = this.#now();
    // One at a time: what it gives back may be enough for all.
    const isUnderWay = [...this.#accounts].some(({ leaving }) => leaving);
    for (const { account, bytes, since } of isUnderWay ? [] : this.#waiters) {
      if (now - since < standstillMs) continue;
      const victim = this.#inTheWayOf(account.address, bytes);
      if (victim === undefined) continue;
      victim.leaving = true;
      victim.dismiss(new Overload('other clients need the memory that this job has, and have less of it'));
      break;
    }
    return this.#waiters.length > 0;
  }

  /**
   * Of the address that has most, if that is more than this one would have: the oldest that is not complete, else the
   * youngest that is.
   */
  #inTheWayOf(address: string, bytes: number): Account | undefined {
    const holdings = new Map(this.#usedBy);
    if (this.#overdrawn !== undefined) {
      const { address: of } = this.#overdrawn;
      holdings.set(of, (holdings.get(of) ?? 0) + this.#size.overdraft);
    }
    const mine = (holdings.get(address) ?? 0) + bytes;
    let most: string | undefined;
    for (const [other, held] of holdings) {
      if (other !== address && held > (most === undefined ? mine : (holdings.get(most) ?? 0))) most = other;
    }
    // A set keeps the order in which they came.
    const theirs = [...this.#accounts].filter((account) => account.address === most);
    return theirs.find(({ complete }) => !complete) ?? theirs.at(-1);
  }

  #wake(): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    const left = waiting.filter(({ account, bytes, grant }) => {
      const granted = this.lend(account, bytes) || this.#overdraw(account, bytes);
      if (granted) grant();
      return !granted;
    });
    this.#waiters = [...left, ...this.#waiters];
  }

  #overdraw(account: Account, bytes: number): boolean {
    if (this.#overdrawn !== undefined || bytes > this.#size.overdraft) return false;
    this.#overdrawn = account;
    this.#accounts.add(account);
    return true;
  }
}

class Account implements BudgetAccount {
  readonly #budget: ByteBudget;
  readonly address: string;
  readonly dismiss: (reason: Overload) => void;
  complete = false;
  leaving = false;
  borrowed = 0;

  constructor(budget: ByteBudget, address: string, dismiss: (reason: Overload) => void) {
    this.#budget = budget;
    this.address = address;
    this.dismiss = dismiss;
  }

  get lent(): number {
    return this.borrowed + this.#budget.overdraftOf(this);
  }

  tryTake(bytes: number): boolean {
    return this.#budget.lend(this, bytes);
  }

  wait(bytes: number, grant: () => void): () => void {
    return this.#budget.enqueue(this, bytes, grant);
  }

  close(): void {
    const bytes = this.borrowed;
    this.borrowed = 0;
    this.leaving = false;
    this.#budget.takeBack(this, bytes);
  }
}
