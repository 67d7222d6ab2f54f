/** Which of a host's places are taken, as bits: the first free one of 32 is found in one step. */
export class TakenPlaces {
  readonly #words: number[] = [];
  #count = 0;

  /** How many are taken. */
  get count(): number {
    return this.#count;
  }

  /** The first free place from `first` on, before `end`. */
  firstFree(first: number, end: number): number | undefined {
    for (let at = first; at < end; at = (at | 31) + 1) {
      const free = ~(this.#words[at >> 5] ?? 0) & (-1 << (at & 31));
      if (free === 0) continue;
      const found = (at & ~31) + 31 - Math.clz32(free & -free);
      return found < end ? found : undefined;
    }
    return undefined;
  }

  take(place: number): void {
    this.#words[place >> 5] = (this.#words[place >> 5] ?? 0) | (1 << (place & 31));
    this.#count += 1;
  }

  release(place: number): void {
    this.#words[place >> 5] = (this.#words[place >> 5] ?? 0) & ~(1 << (place & 31));
    this.#count -= 1;
  }
}
