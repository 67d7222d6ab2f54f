/** A build is over when no job has come for this long, in ms. */
const pauseMs = 5000;

/** Sentences that are said once a build. */
export class BuildNotices {
  readonly #now: () => number;
  readonly #said = new Set<string>();
  #running = 0;
  #left = -Infinity;

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A job begins; the returned function is to be called when it has ended. */
  begin(): () => void {
    if (this.#running === 0 && this.#now() - this.#left >= pauseMs) this.#said.clear();
    this.#running += 1;
    return () => {
      this.#running -= 1;
      this.#left = this.#now();
    };
  }

  /** Whether a sentence has not been said in this build; it counts as said from now on. */
  isNew(sentence: string): boolean {
    const isNew = !this.#said.has(sentence);
    this.#said.add(sentence);
    return isNew;
  }
}
