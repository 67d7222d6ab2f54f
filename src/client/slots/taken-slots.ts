/** Which slots of a host are taken, as bits, so that the first free one of 32 is found in one step. */
export class TakenSlots {
  readonly #words: number[] = [];
  #count = 0;

  /** How many are taken. */
  get count(): number {
    return this.#count;
  }

  /** The first free slot from `first` on, before `end`. */
  firstFree(first: number, end: number): number | undefined {
    for (let at = first; at < end; at = (at | 31) + 1) {
      const free = ~(this.#words[at >> 5] ?? 0) & (-1 << (at & 31));
      if (free === 0) continue;
      const found = (at & ~31) + 31 - Math.clz32(free & -free);
      return found < end ? found : undefined;
    }
    return undefined;
  }

  take(slot: number): void {
    this.#words[slot >> 5] = (this.#words[slot >> 5] ?? 0) | (1 << (slot & 31));
    this.#count += 1;
  }

  release(slot: number): void {
    this.#words[slot >> 5] = (this.#words[slot >> 5] ?? 0) & ~(1 << (slot & 31));
    this.#count -= 1;
  }
}
