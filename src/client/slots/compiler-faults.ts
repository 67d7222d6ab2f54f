/** After this many jobs in a row that failed there and not here, a host's compiler counts as different from ours. */
const mostInARow = 3;

interface Known {
  /** Jobs that failed there and not here, since the last one that went well there. */
  inARow: number;
  why: string;
  until: number;
}

/**
 * Hosts that cannot do the jobs of one compiler, because they lack it or have a different one of that name. They still
 * get other jobs.
 */
export class CompilerFaults {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  #of(host: string, compiler: string): Known {
    const name = `${host} ${compiler}`;
    const known = this.#known.get(name) ?? { inARow: 0, why: '', until: 0 };
    this.#known.set(name, known);
    return known;
  }

  /** Notes that a host gets no jobs of a compiler for some seconds. */
  lacks(host: string, compiler: string, fault: { readonly why: string; readonly seconds: number }): void {
    const known = this.#of(host, compiler);
    known.why = fault.why;
    known.until = this.#now() + fault.seconds * 1000;
  }

  /**
   * Notes that a job failed there and not here. Returns whether that has now happened so often that the host gets no
   * jobs of this compiler for some seconds.
   */
  differs(host: string, compiler: string, seconds: number): boolean {
    const known = this.#of(host, compiler);
    known.inARow += 1;
    if (known.inARow < mostInARow) return false;
    this.lacks(host, compiler, { why: `its ${compiler} fails where the one here does not`, seconds });
    return true;
  }

  /** Notes that a job of this compiler worked there. */
  works(host: string, compiler: string): void {
    this.#known.delete(`${host} ${compiler}`);
  }

  /** Why a host gets no jobs of a compiler at the moment. */
  why(host: string, compiler: string): string | undefined {
    const known = this.#known.get(`${host} ${compiler}`);
    return known !== undefined && known.until > this.#now() ? known.why : undefined;
  }
}
