/** Texts or bytes that may be wanted again soon, up to a number of characters; the oldest ones go. */
export class RecentTexts<T extends { readonly length: number }> {
  readonly #most: number;
  readonly #kept = new Map<object, T>();
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How much is kept. */
  get length(): number {
    return this.#length;
  }

  put(key: object, value: T): void {
    this.take(key);
    this.#kept.set(key, value);
    this.#length += value.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#length <= this.#most) return;
      this.take(oldest);
    }
  }

  get(key: object): T | undefined {
    return this.#kept.get(key);
  }

  /** Gives it, and keeps it no longer. */
  take(key: object): T | undefined {
    const value = this.#kept.get(key);
    if (value === undefined) return undefined;
    this.#kept.delete(key);
    this.#length -= value.length;
    return value;
  }

  clear(): void {
    this.#kept.clear();
    this.#length = 0;
  }
}
