import { setImmediate } from 'node:timers/promises';
import { graphLimits } from './graph-limits.ts';

/** Why the scanner cannot tell what a job reads, as a sentence: the job has to be preprocessed here. */
export class MustPreprocess extends Error {
  /** Whether another try would fail too, as long as the agent lives. */
  readonly forGood: boolean;

  constructor(because: string, forGood = false) {
    super(because);
    this.forGood = forGood;
  }
}

/** Adds up what a job costs, and gives others their turns. */
export class Pace {
  #since = performance.now();
  #spentNs = 0;
  /** Whether files had to be read, which takes more. */
  cold = false;

  /**
   * Counts work by what it takes on an idle machine: a clock would count other programs too. @throws MustPreprocess
   * when it is too much
   */
  spend(ns: number): void {
    this.#spentNs += ns;
    const limit = this.cold ? graphLimits.coldNs : graphLimits.warmNs;
    if (this.#spentNs > limit) throw new MustPreprocess('it reads too many headers', true);
  }

  /** Waits for something, meanwhile others have their turn. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } finally {
      this.#since = performance.now();
    }
  }

  /** Gives others their turn if it is time to. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#since > graphLimits.sliceMs) await this.wait(setImmediate());
  }
}
