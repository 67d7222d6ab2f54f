interface Waiter {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * How much memory all clients together may fill. Whoever wants more than is left waits, first come first served, with its socket
 * paused: a stranger can make us wait, not grow.
 */
export class ByteBudget {
  readonly #total: number;
  #used = 0;
  #waiters: Waiter[] = [];

  /** @param total bytes; a single larger request is treated as one that needs everything */
  constructor(total: number) {
    this.#total = total;
  }

  /** Bytes that are lent out. */
  get used(): number {
    return this.#used;
  }

  /** Lends so many bytes now, or returns false. */
  tryTake(bytes: number): boolean {
    if (this.#waiters.length > 0 || !this.#fits(bytes)) return false;
    this.#used += this.#clamp(bytes);
    return true;
  }

  /** Calls `grant` once so many bytes are lent; the result takes a waiting request back. */
  wait(bytes: number, grant: () => void): () => void {
    if (this.tryTake(bytes)) {
      grant();
      return () => {};
    }
    const waiter: Waiter = { bytes, grant };
    this.#waiters.push(waiter);
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      this.#wake();
    };
  }

  /** Takes lent bytes back. */
  giveBack(bytes: number): void {
    this.#used -= this.#clamp(bytes);
    this.#wake();
  }

  #clamp(bytes: number): number {
    return Math.min(bytes, this.#total);
  }

  #fits(bytes: number): boolean {
    return this.#used + this.#clamp(bytes) <= this.#total;
  }

  #wake(): void {
    for (;;) {
      const [next] = this.#waiters;
      if (next === undefined || !this.#fits(next.bytes)) return;
      this.#waiters.shift();
      this.#used += this.#clamp(next.bytes);
      next.grant();
    }
  }
}
