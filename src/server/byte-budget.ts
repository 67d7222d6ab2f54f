interface Waiter {
  readonly account: Account;
  readonly bytes: number;
  readonly grant: () => void;
}

/** What one connection has borrowed. */
export interface BudgetAccount {
  /** Bytes lent, `Infinity` for the one that may finish without asking again. */
  readonly lent: number;
  /** Lends so many bytes more now, or returns false. */
  tryTake(bytes: number): boolean;
  /** Calls `grant` once so many bytes more are lent; the result takes a waiting request back. */
  wait(bytes: number, grant: () => void): () => void;
  /** Gives everything back. */
  close(): void;
}

/**
 * How much memory the requests of all clients may fill. Whoever wants more than is left waits with its socket paused, first come first
 * served: a stranger can make itself wait, not make us grow. One address may have half of it, so that it cannot make others wait for long. When an
 * address could go on nowhere, one of its requests may finish outside the budget, a single one at a time for all: halves of large requests
 * would otherwise wait for each other.
 */
export class ByteBudget {
  readonly #total: number;
  #used = 0;
  #overdrawn: Account | undefined;
  readonly #usedBy = new Map<string, number>();
  #waiters: Waiter[] = [];

  /** @param total bytes; one request may come on top */
  constructor(total: number) {
    this.#total = total;
  }

  /** Bytes that are lent out. */
  get used(): number {
    return this.#used;
  }

  /** The account of a new connection from this address. */
  open(address: string): BudgetAccount {
    return new Account(this, address);
  }

  /** For accounts: lends bytes when there is room in the whole and in the address's half. */
  lend(account: Account, bytes: number): boolean {
    const mine = this.#usedBy.get(account.address) ?? 0;
    if (this.#used + bytes > this.#total || mine + bytes > this.#total / 2) return false;
    this.#used += bytes;
    this.#usedBy.set(account.address, mine + bytes);
    account.lent += bytes;
    return true;
  }

  /** For accounts: keeps a request until there is room. */
  enqueue(waiter: Waiter): () => void {
    this.#waiters.push(waiter);
    this.#wake();
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
  }

  /** For accounts: takes back what was lent. */
  takeBack(account: Account, bytes: number): void {
    if (this.#overdrawn === account) this.#overdrawn = undefined;
    this.#used -= bytes;
    const mine = (this.#usedBy.get(account.address) ?? 0) - bytes;
    if (mine > 0) this.#usedBy.set(account.address, mine);
    else this.#usedBy.delete(account.address);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    const left = waiting.filter(({ account, bytes, grant }) => {
      const granted = this.lend(account, bytes) || this.#overdraw(account);
      if (granted) grant();
      return !granted;
    });
    this.#waiters = [...left, ...this.#waiters];
  }

  #overdraw(account: Account): boolean {
    if (this.#overdrawn !== undefined) return false;
    this.#overdrawn = account;
    account.finishes = true;
    return true;
  }
}

class Account implements BudgetAccount {
  readonly #budget: ByteBudget;
  readonly address: string;
  finishes = false;
  #lent = 0;

  constructor(budget: ByteBudget, address: string) {
    this.#budget = budget;
    this.address = address;
  }

  get lent(): number {
    return this.finishes ? Number.POSITIVE_INFINITY : this.#lent;
  }

  set lent(bytes: number) {
    this.#lent = bytes;
  }

  tryTake(bytes: number): boolean {
    return this.#budget.lend(this, bytes);
  }

  wait(bytes: number, grant: () => void): () => void {
    return this.#budget.enqueue({ account: this, bytes, grant });
  }

  close(): void {
    const bytes = this.#lent;
    this.#lent = 0;
    this.#budget.takeBack(this, bytes);
    this.finishes = false;
  }
}
