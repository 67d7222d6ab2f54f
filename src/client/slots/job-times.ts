/**
 * A host that had no job for this long, in ms, may have become faster: what was known of it counts no more, and one job
 * tries it.
 */
const forgetAfter = 30_000;
/** A host that refused a job is passed over for this long, in ms, while others have slots. */
const passOverAfterRefusal = 5000;
/** How much a job's time counts beside those before it. */
const weight = 1 / 4;

interface Known {
  /** The exponentially weighted average of its job times, in ms. */
  average: number | undefined;
  /** When it last got a job. */
  tried: number;
  /** Whether the average was so old that the next time replaces it. */
  doubted: boolean;
  refused: number;
}

/**
 * In which time a job is done that takes `alone` on an idle host, when `jobs` others have the host's slots: at most
 * twice that.
 */
export const timeAmong = (alone: number, jobs: number, slots: number): number =>
  alone * (1 + Math.min(1, jobs / Math.max(1, slots)));

/** How long jobs take on each host, by the time between the end of preprocessing and the answer. */
export class JobTimes {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  #of(name: string): Known {
    const known = this.#known.get(name) ?? { average: undefined, tried: -Infinity, doubted: false, refused: -Infinity };
    this.#known.set(name, known);
    return known;
  }

  /** A host gets a job. */
  begin(name: string): void {
    const known = this.#of(name);
    if (this.#now() - known.tried >= forgetAfter) known.doubted = true;
    known.tried = this.#now();
  }

  /** A host has done a job in this many ms. */
  end(name: string, milliseconds: number): void {
    const known = this.#of(name);
    const before = known.doubted ? undefined : known.average;
    known.average = before === undefined ? milliseconds : before + (milliseconds - before) * weight;
    known.doubted = false;
    known.refused = -Infinity;
  }

  /** A host did not want a job. */
  refuse(name: string): void {
    this.#of(name).refused = this.#now();
  }

  /**
   * How many ms a job takes on an idle host: endless when it refused one just now, undefined when nothing is known
   * lately.
   */
  expected(name: string): number | undefined {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    if (this.#now() - known.refused < passOverAfterRefusal) return Infinity;
    if (known.average === undefined || this.#now() - known.tried >= forgetAfter) return undefined;
    return known.average;
  }
}
