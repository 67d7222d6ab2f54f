/**
 * A host without a job for this long, in ms, may have become faster: its old times are forgotten, and one job tries it.
 */
const forgetAfter = 30_000;
/** A host that refused a job is passed over for this long, in ms, while others have slots. */
const passOverAfterRefusal = 5000;
/** The weight of a job's time in the average. */
const weight = 1 / 4;

interface Known {
  /** The exponentially weighted average of its job times, in ms. */
  average: number | undefined;
  /** When it last got a job. */
  tried: number;
  /** Whether the average is so old that the next time replaces it. */
  doubted: boolean;
  refused: number;
}

/**
 * The expected time of a job that takes `alone` on an idle host, when `jobs` of its slots are taken: at most twice as
 * long.
 */
export const timeAmong = (alone: number, jobs: number, slots: number): number =>
  alone * (1 + Math.min(1, jobs / Math.max(1, slots)));

/** How long jobs take on each host, from the end of preprocessing to the answer. */
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

  /** Notes that a host gets a job. */
  begin(name: string): void {
    const known = this.#of(name);
    if (this.#now() - known.tried >= forgetAfter) known.doubted = true;
    known.tried = this.#now();
  }

  /** Notes how long a job took on a host, in ms. */
  end(name: string, milliseconds: number): void {
    const known = this.#of(name);
    const before = known.doubted ? undefined : known.average;
    known.average = before === undefined ? milliseconds : before + (milliseconds - before) * weight;
    known.doubted = false;
    known.refused = -Infinity;
  }

  /** Notes that a host refused a job. */
  refuse(name: string): void {
    this.#of(name).refused = this.#now();
  }

  /**
   * The expected ms of a job on an idle host: Infinity when it has just refused one, undefined when nothing recent is
   * known.
   */
  expected(name: string): number | undefined {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    if (this.#now() - known.refused < passOverAfterRefusal) return Infinity;
    if (known.average === undefined || this.#now() - known.tried >= forgetAfter) return undefined;
    return known.average;
  }
}
