import { steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';

/** The least that a transfer has to bring: bytes a second, averaged over a window in ms. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly windowMs: number;
}

/** What the slowest network brings to many jobs at a time; whoever is slower keeps others from being served. */
export const slowestPace: Pace = { bytesPerSecond: 512, windowMs: 60_000 };

interface Mark {
  readonly at: number;
  readonly bytes: number;
}

/** How often a window is looked at. */
const looks = 4;

/**
 * Whether the bytes of one transfer come, or go, fast enough: in a window that moves, so that a good start does not
 * excuse a later standstill.
 */
export class Progress {
  readonly #pace: Pace;
  readonly #now: Clock;
  #bytes = 0;
  #marks: Mark[] = [];

  constructor(pace = slowestPace, now = steadyClock) {
    this.#pace = pace;
    this.#now = now;
    this.restart();
  }

  /** How often to ask, in ms. */
  get periodMs(): number {
    return this.#pace.windowMs / looks;
  }

  /** Adds bytes that have just come or gone. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** What went before does not count: there was nothing to send, or we made it wait. */
  restart(): void {
    this.#marks = [{ at: this.#now(), bytes: this.#bytes }];
  }

  /** Whether the last window brought too little. */
  isStalled(): boolean {
    const { bytesPerSecond, windowMs } = this.#pace;
    const now = this.#now();
    // Nobody looked, because we were stopped or had no processor: what came meanwhile waits to be read.
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
