import { setImmediate } from 'node:timers/promises';
import { graphLimits } from './graph-limits.ts';

/** A job for which the scanner has no way, told as a sentence. */
export class OldWay extends Error {
  /** Whether another try would be as vain, as long as the agent lives. */
  readonly forGood: boolean;

  constructor(because: string, forGood = false) {
    super(because);
    this.forGood = forGood;
  }
}

/** Measures what a job costs while it computes, and gives others their turns. */
export class Pace {
  #wall = performance.now();
  #cpu = process.cpuUsage();
  #spentMs = 0;
  /** Whether files had to be read, which takes more. */
  cold = false;

  /** Waits for something; that time does not count. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await promise;
    } finally {
      this.#wall = performance.now();
      this.#cpu = process.cpuUsage();
    }
  }

  /** Gives others their turn if it is time to. */
  async breathe(): Promise<void> {
    if (this.isLong) await this.wait(setImmediate());
  }

  get isLong(): boolean {
    return performance.now() - this.#wall > graphLimits.sliceMs;
  }

  #stop(): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    // On a busy machine the clock goes on while others compute; other threads of ours count in the processor's time.
    this.#spentMs += Math.min(performance.now() - this.#wall, (user + system) / 1000);
    const limit = this.cold ? graphLimits.coldMs : graphLimits.warmMs;
    if (this.#spentMs > limit) throw new OldWay(`looking for its headers takes longer than ${limit} ms`, true);
  }
}
