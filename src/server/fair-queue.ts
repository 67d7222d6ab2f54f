/** Gives a slot back; only the first call counts. */
export type Release = () => void;

interface Waiter {
  readonly grant: (release: Release) => void;
}

/**
 * The slots of this server and who waits for one. Clients are served round robin by address, each client's own jobs in the order
 * they came: one developer's `make -j200` cannot keep another's single job waiting behind it.
 */
export class FairQueue {
  readonly #slots: number;
  #running = 0;
  /** Waiting jobs by client address; the order of the map is whose turn is next. */
  readonly #waiting = new Map<string, Waiter[]>();
  #waitingCount = 0;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Jobs that hold a slot. */
  get running(): number {
    return this.#running;
  }

  /** Jobs that wait for one. */
  get waiting(): number {
    return this.#waitingCount;
  }

  /** Resolves when it is this client's turn; rejects with the signal's reason when the job is given up before. */
  enter(client: string, signal: AbortSignal): Promise<Release> {
    if (signal.aborted) return Promise.reject(asError(signal.reason));
    if (this.#running < this.#slots && this.#waitingCount === 0) return Promise.resolve(this.#take());
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#forget(client, waiter);
        reject(asError(signal.reason));
      };
      const waiter: Waiter = {
        grant: (release) => {
          signal.removeEventListener('abort', giveUp);
          resolve(release);
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const line = this.#waiting.get(client);
      if (line === undefined) this.#waiting.set(client, [waiter]);
      else line.push(waiter);
      this.#waitingCount += 1;
    });
  }

  #take(): Release {
    this.#running += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#running -= 1;
      this.#next();
    };
  }

  #next(): void {
    for (const [client, line] of this.#waiting) {
      const waiter = line.shift();
      // Whoever was served goes to the end of the round.
      this.#waiting.delete(client);
      if (line.length > 0) this.#waiting.set(client, line);
      if (waiter === undefined) continue;
      this.#waitingCount -= 1;
      waiter.grant(this.#take());
      return;
    }
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
