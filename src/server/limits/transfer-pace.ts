import { steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';

/** The minimum speed of a transfer, in bytes a second, averaged over a window in ms. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly windowMs: number;
}

/** What even a slow network reaches with many jobs at a time. A slower client would keep others from being served. */
export const slowestPace: Pace = { bytesPerSecond: 512, windowMs: 60_000 };

interface Mark {
  readonly at: number;
  readonly bytes: number;
}

/** How many times a window is checked. */
const looks = 4;

/**
 * Measures whether one transfer is fast enough. The window moves, so that a good start does not excuse a later
 * standstill.
 */
export class PaceCheck {
  readonly #pace: Pace;
  readonly #now: Clock;
  #bytes = 0;
  #marks: Mark[] = [];

  constructor(pace = slowestPace, now = steadyClock) {
    this.#pace = pace;
    this.#now = now;
    this.restart();
  }

  /** How often to call `isTooSlow()`, in ms. */
  get periodMs(): number {
    return this.#pace.windowMs / looks;
  }

  /** Counts bytes that have just been transferred. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Starts anew, after a time in which nothing could be transferred. */
  restart(): void {
    this.#marks = [{ at: this.#now(), bytes: this.#bytes }];
  }

  /** Whether the last window had too few bytes. */
  isTooSlow(): boolean {
    const { bytesPerSecond, windowMs } = this.#pace;
    const now = this.#now();
    // This process was stopped, or had no processor: what arrived meanwhile has not been read yet.
    if (now - (this.#marks.at(-1)?.at ?? now) > 2 * this.periodMs) {
      this.restart();
      return false;
    }
    const from = this.#marks.findLast(({ at }) => now - at >= windowMs);
    this.#marks.push({ at: now, bytes: this.#bytes });
    if (from === undefined) return false;
    this.#marks = this.#marks.filter(({ at }) => at >= from.at);
    return this.#bytes - from.bytes < (bytesPerSecond * (now - from.at)) / 1000;
  }
}
