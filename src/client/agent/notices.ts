/** A sentence that was said is not repeated for this long, in ms: as long as a host usually rests. */
const silence = 60_000;
/** A build is over when no job has come for this long, in ms. */
const buildPause = 5000;
/** How many sentences are remembered. */
const mostRemembered = 1000;

/** What the jobs of an agent have told the user: many jobs meet the same fault, which one line is enough for. */
export class Notices {
  readonly #now: () => number;
  readonly #said = new Map<string, number>();
  readonly #once = new Set<string>();
  readonly #saidInBuild = new Set<string>();
  #running = 0;
  #left = -Infinity;

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether no job has said this in the last minute; from now on one has. */
  isNews(sentence: string): boolean {
    const now = this.#now();
    const said = this.#said.get(sentence);
    if (said !== undefined && now - said < silence) return false;
    if (this.#said.size >= mostRemembered) this.#said.clear();
    this.#said.set(sentence, now);
    return true;
  }

  /** A job begins; the returned function is to be called when it has ended. */
  begin(): () => void {
    if (this.#running === 0 && this.#now() - this.#left >= buildPause) this.#saidInBuild.clear();
    this.#running += 1;
    return () => {
      this.#running -= 1;
      this.#left = this.#now();
    };
  }

  /** Whether no job of this build has said this; from now on one has. */
  isNewInBuild(sentence: string): boolean {
    const isNew = !this.#saidInBuild.has(sentence);
    if (this.#saidInBuild.size >= mostRemembered) this.#saidInBuild.clear();
    this.#saidInBuild.add(sentence);
    return isNew;
  }

  /** Whether this is the first time in the agent's life. */
  isFirst(topic: string): boolean {
    const isFirst = !this.#once.has(topic);
    this.#once.add(topic);
    return isFirst;
  }
}
