import type { Waiting } from './answers.ts';
import { LauncherError } from './launcher-error.ts';

interface Saving extends Waiting<void> {
  /** Whether the launcher skips all later messages when this file cannot be saved. */
  readonly matters: boolean;
}

/** The files that a launcher was told to write, by their numbers. */
export class Saves {
  readonly #waiting = new Map<number, Saving>();
  #last = 0;
  #hasEnded = false;

  get some(): boolean {
    return this.#waiting.size > 0;
  }

  /** A file's number, and a promise that ends when the launcher does, or with a LauncherError. */
  begin(matters: boolean): { readonly number: number; readonly saved: Promise<void> } {
    this.#last += 1;
    const number = this.#last;
    const saved = this.#hasEnded
      ? Promise.reject(new Error('the launcher is gone'))
      : new Promise<void>((resolve, reject) => this.#waiting.set(number, { resolve, reject, matters }));
    return { number, saved };
  }

  /**
   * A file could not be saved. Returns whether it matters: then the launcher has skipped all later files and how to
   * end, and waits for GO_ON.
   */
  fail({ errno, number }: { readonly errno: number; readonly number: number }): boolean {
    const failed = this.#waiting.get(number);
    if (failed?.matters === false) {
      this.#waiting.delete(number);
      failed.reject(new LauncherError(errno));
      return false;
    }
    for (const [other, { reject }] of this.#waiting) {
      if (other < number) continue;
      this.#waiting.delete(other);
      reject(new LauncherError(errno));
    }
    return true;
  }

  /** The launcher has ended: with all files saved, or with an error. */
  end(error: Error | undefined): void {
    this.#hasEnded = true;
    for (const { resolve, reject } of this.#waiting.values()) {
      if (error === undefined) resolve();
      else reject(error);
    }
    this.#waiting.clear();
  }
}
