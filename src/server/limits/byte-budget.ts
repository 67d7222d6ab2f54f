import { EverySecond, steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';
import { Overload } from '../policy/refusal.ts';

interface Waiter {
  readonly account: Account;
  readonly bytes: number;
  readonly grant: () => void;
  readonly since: number;
}

/** What one connection has taken from a budget. */
export interface BudgetAccount {
  /** Bytes taken. */
  readonly lent: number;
  /**
   * Whether everything has arrived that the bytes were taken for: then other connections are closed before this one.
   */
  complete: boolean;
  /** Takes more bytes now, or returns false. */
  tryTake(bytes: number): boolean;
  /** Calls `grant` once, when that many more bytes have been taken; the returned function cancels the wait. */
  wait(bytes: number, grant: () => void): () => void;
  /** Gives everything back. */
  close(): void;
}

/** The size of a budget, in bytes. */
export interface BudgetSize {
  /** For all clients together; one address may have half of it. */
  readonly total: number;
  /** More, for one account at a time, so that it can finish. */
  readonly overdraft: number;
}

/** When nothing has been given back for this long, in ms, waiting alone does not help: a connection is closed. */
export const standstillMs = 5000;

/**
 * A limit for the bytes that the requests, or the answers, of all clients may fill. A connection that wants more than
 * is left waits with its socket paused, first come first served: a stranger can delay itself, but not make this process
 * grow. One address may have half of the total, so that it cannot delay others for long. Half-received large requests
 * could wait for each other for ever, so one account at a time may exceed the total by the overdraft and finish. When
 * that does not help either, the oldest unfinished request of the address that has most is closed for a client that has
 * less.
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

  /** Bytes that are taken. */
  get used(): number {
    return this.#used;
  }

  /** The most bytes that one account can ever get. */
  get largest(): number {
    return this.#size.total / 2 + this.#size.overdraft;
  }

  /**
   * Opens the account of a new connection from this address. `dismiss` is called to end the connection for another
   * client.
   */
  open(address: string, dismiss: (reason: Overload) => void): BudgetAccount {
    return new Account(this, address, dismiss);
  }

  /** For accounts: gives bytes when the total and the address's half have room for them. */
  lend(account: Account, bytes: number): boolean {
    const mine = this.#usedBy.get(account.address) ?? 0;
    if (this.#used + bytes > this.#size.total || mine + bytes > this.#size.total / 2) return false;
    this.#used += bytes;
    this.#usedBy.set(account.address, mine + bytes);
    account.borrowed += bytes;
    this.#accounts.add(account);
    return true;
  }

  /** For accounts: queues a request until there is room. */
  enqueue(account: Account, bytes: number, grant: () => void): () => void {
    const waiter = { account, bytes, grant, since: this.#now() };
    this.#waiters.push(waiter);
    this.#wake();
    this.#patrol.begin();
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
  }

  /** For accounts: takes bytes back. */
  takeBack(account: Account, bytes: number): void {
    if (this.#overdrawn === account) this.#overdrawn = undefined;
    this.#accounts.delete(account);
    this.#used -= bytes;
    const mine = (this.#usedBy.get(account.address) ?? 0) - bytes;
    if (mine > 0) this.#usedBy.set(account.address, mine);
    else this.#usedBy.delete(account.address);
    this.#wake();
  }

  /** For accounts: how many bytes an account may have beyond the total. */
  overdraftOf(account: Account): number {
    return this.#overdrawn === account ? this.#size.overdraft : 0;
  }

  /** Closes a request when others wait without hope; returns whether anybody still waits. */
  review(): boolean {
    const now = this.#now();
    // Only one at a time: what it gives back may be enough for all.
    const isUnderWay = [...this.#accounts].some(({ leaving }) => leaving);
    for (const { account, bytes, since } of isUnderWay ? [] : this.#waiters) {
      if (now - since < standstillMs) continue;
      const victim = this.#inTheWayOf(account.address, bytes);
      if (victim === undefined) continue;
      victim.leaving = true;
      victim.dismiss(new Overload('no_memory', 'other clients need the memory that this job has, and have less of it'));
      break;
    }
    return this.#waiters.length > 0;
  }

  /**
   * The account to close: of the address that has most, if that is more than this address would have; its oldest
   * incomplete request, else its youngest complete one.
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
    // A set keeps the order of insertion.
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
