import { CallReader } from './asking-macros.ts';

/** Macros that are looked for in all texts: definitions of some, uses of others. They are numbered as they come. */
export class WantedMacros {
  readonly #most: number;
  readonly #definitions = new Map<string, number>();
  readonly #uses = new Map<string, number>();
  #calls: CallReader | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#definitions.size + this.#uses.size;
  }

  /** Whether definitions of a macro are wanted. */
  has(name: string): boolean {
    return this.#definitions.has(name);
  }

  /** Reads the uses that are wanted; undefined when there are none. */
  get calls(): CallReader | undefined {
    if (this.#uses.size > 0) this.#calls ??= new CallReader(this.#uses.keys());
    return this.#calls;
  }

  /** Wants a macro from now on, and gives its number; undefined when there are too many. */
  want(name: string, what: 'definitions' | 'uses'): number | undefined {
    const wanted = what === 'uses' ? this.#uses : this.#definitions;
    const known = wanted.get(name);
    if (known !== undefined) return known;
    const number = this.size;
    if (number >= this.#most) return undefined;
    wanted.set(name, number);
    if (what === 'uses') this.#calls = undefined;
    return number;
  }
}
