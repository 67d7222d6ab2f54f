/** How long what was seen of a host's compiler is believed, in ms: it may be upgraded in the middle of a build. */
const believedMs = 10_000;
/** Pairs of host and compiler that are remembered; only a mistake brings more. */
const mostKnown = 4096;

/** What was seen, and until when it holds. */
type Seen =
  | { readonly is: 'same'; readonly told: string | undefined; readonly until: number }
  | { readonly is: 'other'; readonly why: string; readonly until: number };

/** What was seen of the compilers of hosts, by a key for each pair of a host and a compiler of this machine. */
export class CheckedHosts {
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  #at(key: string): Seen | undefined {
    const seen = this.#seen.get(key);
    return seen === undefined || this.#now() >= seen.until ? undefined : seen;
  }

  #note(key: string, seen: Seen): void {
    if (this.#seen.size >= mostKnown) this.#seen.clear();
    this.#seen.set(key, seen);
  }

  /** Whether the next object is to be looked at; `told` is what the host says of its compiler now. */
  isDue(key: string, told: string | undefined): boolean {
    const seen = this.#at(key);
    return seen?.is !== 'same' || seen.told !== told;
  }

  /** Notes that an object came from the same compiler, of which the host said that. */
  isSame(key: string, told: string | undefined): void {
    this.#note(key, { is: 'same', told, until: this.#now() + believedMs });
  }

  /** Notes for some seconds that the host has another compiler, and what tells them apart. */
  isOther(key: string, why: string, seconds: number): void {
    this.#note(key, { is: 'other', why, until: this.#now() + seconds * 1000 });
  }

  /** Why the host gets no jobs of that compiler; undefined when it does. */
  whyOther(key: string): string | undefined {
    const seen = this.#at(key);
    return seen?.is === 'other' ? seen.why : undefined;
  }
}
