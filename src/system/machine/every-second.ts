/** How often it looks, in ms. */
const periodMs = 1000;

/** Looks after something every second for as long as there is something to look after; it does not keep Node alive. */
export class EverySecond {
  readonly #look: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param look whether there is still something to look after */
  constructor(look: () => boolean) {
    this.#look = look;
  }

  /** There is something now. */
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

/** The clock of every day. */
export const steadyClock: Clock = () => performance.now();
