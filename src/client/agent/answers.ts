/** Who waits for an answer. */
export interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Answers of one kind, in the order of the questions. An answer of several parts may arrive before anybody waits for
 * the later ones.
 */
export class Answers<T> {
  readonly #waiting: Waiting<T>[] = [];
  readonly #early: T[] = [];
  #end: Error | undefined;

  get some(): boolean {
    return this.#waiting.length > 0;
  }

  wait(): Promise<T> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(answer: T): void {
    const first = this.#waiting.shift();
    if (first !== undefined) first.resolve(answer);
    else this.#early.push(answer);
  }

  fail(error: Error): void {
    this.#waiting.shift()?.reject(error);
  }

  /** No more answers come: whoever waits, now or later, gets the error. */
  end(error: Error): void {
    this.#end = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
