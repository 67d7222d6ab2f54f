/** What the service manager shows of a daemon, at most once in this many ms. */
const statusPeriod = 1000;

/** What `IdleExit` needs to know, and whom it tells. */
export interface IdleExitSettings {
  readonly running: () => number;
  readonly waiting: () => number;
  readonly status: (text: string) => void;
  /** Ends the daemon after this many ms without a client; undefined: never. */
  readonly idleMs: number | undefined;
  readonly idle: () => void;
}

/** One line for the administrator: what `systemctl status` shows. */
const statusLine = (running: number, waiting: number, done: number): string =>
  `${running} running, ${waiting} waiting, ${done} done`;

/** Who is being served: tells when that changes, though not too often, and when nobody has come for a while. */
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

  /** Connections that are being served. */
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

  /** Nothing is told any more. */
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
      // Jobs that wait begin to run without anybody arriving or leaving.
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
