/** Numbers that follow from a seed (mulberry32): what a run did can be done again. */
export class Dice {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed | 0;
  }

  /** A whole number from 0 to below `bound`; 0 when there is no choice. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  /** True in one of this many calls, on average. */
  oneIn(cases: number): boolean {
    return this.below(cases) === 0;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }
}

/** The seed in DISTCCD_TEST_SEED, else one from the clock. */
export function chosenSeed(): number {
  const wished = Number(process.env['DISTCCD_TEST_SEED'] ?? '');
  return Number.isSafeInteger(wished) && wished > 0 ? wished : Date.now() % 1_000_000_000;
}
