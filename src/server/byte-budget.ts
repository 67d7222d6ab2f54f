/** What a connection asks for, in bytes. */
export interface BudgetRequest {
  /** What it needs to go on for now. */
  readonly step: number;
  /** What it needs to finish. */
  readonly rest: number;
}

interface Waiter extends BudgetRequest {
  readonly grant: (bytes: number) => void;
}

/**
 * How much memory all clients together may fill. Whoever wants more than is left waits, first come first served, with its socket
 * paused: a stranger can make us wait, not grow. When nobody could go on, whoever waits longest may finish beyond the limit, one at a time:
 * half of many large requests would otherwise wait for each other.
 */
export class ByteBudget {
  readonly #total: number;
  #used = 0;
  #waiters: Waiter[] = [];

  /** @param total bytes; what is in use never exceeds it by more than one request */
  constructor(total: number) {
    this.#total = total;
  }

  /** Bytes that are lent out. */
  get used(): number {
    return this.#used;
  }

  /** Lends so many bytes now, or returns false. */
  tryTake(bytes: number): boolean {
    if (this.#waiters.length > 0 || this.#used + bytes > this.#total) return false;
    this.#used += bytes;
    return true;
  }

  /** Calls `grant` with the bytes lent, now or when it is this one's turn; the result takes a waiting request back. */
  wait(request: BudgetRequest, grant: (bytes: number) => void): () => void {
    const waiter: Waiter = { ...request, grant };
    this.#waiters.push(waiter);
    this.#wake();
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      this.#wake();
    };
  }

  /** Takes lent bytes back. */
  giveBack(bytes: number): void {
    this.#used -= bytes;
    this.#wake();
  }

  #wake(): void {
    for (;;) {
      const [next] = this.#waiters;
      if (next === undefined) return;
      const fits = this.#used + next.step <= this.#total;
      if (!fits && this.#used > this.#total) return;
      this.#waiters.shift();
      const bytes = fits ? next.step : next.rest;
      this.#used += bytes;
      next.grant(bytes);
    }
  }
}
