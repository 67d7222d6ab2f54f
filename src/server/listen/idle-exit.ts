/** The status for the service manager is sent at most once in this many ms. */
const statusPeriod = 1000;

/** Settings of `IdleExit`, and the functions that it calls. */
export interface IdleExitSettings {
  readonly running: () => number;
  readonly waiting: () => number;
  readonly status: (text: string) => void;
  /** The daemon ends after this many ms without a client; undefined for never. */
  readonly idleMs: number | undefined;
  readonly idle: () => void;
}

/** The line that `systemctl status` shows. */
const statusLine = (running: number, waiting: number, done: number): string =>
  `${running} running, ${waiting} waiting, ${done} done`;

/**
 * Watches how many clients are served. Reports changes, though not too often, and when no client has come for a while.
 */
export class IdleExit {
  readonly #attended: IdleExitSettings;
  #here = 0;
  #done = 0;
  #shown = '';
  #next: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(attended: IdleExitSettings) {
    this.#attended = attended;
    this.#rest();
    this.#show();
  }

  /** How many connections are being served. */
  get here(): number {
    return this.#here;
  }

  arrive(): void {
    this.#here += 1;
    clearTimeout(this.#idle);
    this.#soon();
  }

  leave(): void {
    this.#here -= 1;
    this.#done += 1;
    this.#rest();
    this.#soon();
  }

  /** Stops all reports. */
  close(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#next);
  }

  #rest(): void {
    const { idleMs, idle } = this.#attended;
    if (idleMs !== undefined && this.#here === 0) this.#idle = setTimeout(idle, idleMs);
  }

  #soon(): void {
    if (this.#next !== undefined) return;
    this.#next = setTimeout(() => {
      this.#next = undefined;
      this.#show();
      // Waiting jobs may start to run while nobody arrives or leaves.
      if (this.#here > 0) this.#soon();
    }, statusPeriod);
    this.#next.unref();
  }

  #show(): void {
    const text = statusLine(this.#attended.running(), this.#attended.waiting(), this.#done);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#attended.status(text);
  }
}
