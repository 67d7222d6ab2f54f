/** Values by text that were asked for last, bounded; the one not asked for longest goes first. */
export class Recent<Value> {
  readonly #most: number;
  readonly #values = new Map<string, Value>();
  #length = 0;

  /** `most` bounds the length of all keys together, in characters. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key, made when it is not known. */
  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    const value = known ?? make();
    if (known !== undefined) this.#values.delete(key);
    else this.#length += key.length;
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#length <= this.#most || oldest === key) break;
      this.#values.delete(oldest);
      this.#length -= oldest.length;
    }
    return value;
  }
}
