/** How often `look` is called, in ms. */
const periodMs = 1000;

/** Calls a function every second as long as it returns true. It does not keep Node alive. */
export class EverySecond {
  readonly #look: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param look whether there is still something to look after */
  constructor(look: () => boolean) {
    this.#look = look;
  }

  /** Starts to call it, unless that happens already. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      if (this.#look()) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, periodMs);
    this.#timer.unref();
  }
}

/** A clock that only goes forward, in ms. */
export type Clock = () => number;

/** The usual clock. */
export const steadyClock: Clock = () => performance.now();
