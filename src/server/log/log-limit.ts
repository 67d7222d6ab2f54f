import type { Fields, Level, Logger } from '../../logging/log-line.ts';
import { EverySecond, steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';

/** The kinds of lines that clients cause, and how many of each are written a minute for one address. */
const linesPerMinute = {
  // Each of these lines stands for a job.
  'a connection': 6000,
  'a compile': 6000,
  'a command': 6000,
  'a job that was done': 6000,
  'a connection that the access list denied': 60,
  'a connection beyond the limit': 60,
  'a request that could not be read': 60,
  'bytes after a request': 60,
  'a job that was refused': 60,
  'a job that was lost': 60,
  'a job that was given up': 60,
  'a compiler that could not be started': 60,
  'a connection without a job': 60,
} as const satisfies Readonly<Record<string, number>>;

/** The kind of a line. */
export type LineKind = keyof typeof linesPerMinute;

/** The log for lines that one client causes. */
export interface ClientLog {
  /** Whether a line of this level would be written. Ask before building an expensive text. */
  writes(level: Level): boolean;
  say(kind: LineKind, level: Level & keyof Logger, text: string, fields?: Fields): void;
}

const minuteMs = 60_000;
/**
 * How many pairs of address and kind are counted separately. All others share one count, since strangers choose how
 * many addresses there are.
 */
const mostCounted = 4096;
const others = 'other addresses';

interface Count {
  readonly since: number;
  readonly kind: LineKind;
  readonly address: string;
  written: number;
  left: number;
}

/**
 * Writes the lines that clients cause: a limited number a minute for each address and kind, and then one line that
 * counts those left out.
 */
export class LogLimit {
  readonly #log: Logger;
  readonly #now: Clock;
  readonly #counts = new Map<string, Count>();
  readonly #patrol = new EverySecond(() => this.review());

  constructor(log: Logger, now = steadyClock) {
    this.#log = log;
    this.#now = now;
  }

  /** The log for one client; each line has the client as a field. */
  of(address: string): ClientLog {
    return {
      writes: (level) => this.#log.writes(level),
      say: (kind, level, text, fields) => {
        if (this.#log.writes(level) && this.#mayWrite(address, kind))
          this.#log[level](text, { client: address, ...fields });
      },
    };
  }

  /** Writes how many lines were left out in each minute that is over; returns whether any minute is not over. */
  review(): boolean {
    for (const [key, count] of this.#counts) {
      if (this.#now() - count.since < minuteMs) continue;
      this.#counts.delete(key);
      this.#conclude(count);
    }
    return this.#counts.size > 0;
  }

  /** Writes the counts of left-out lines that have not been written yet. */
  end(): void {
    for (const count of this.#counts.values()) this.#conclude(count);
    this.#counts.clear();
  }

  #mayWrite(address: string, kind: LineKind): boolean {
    const count = this.#countOf(address, kind);
    const may = count.written < linesPerMinute[kind];
    if (may) count.written += 1;
    else count.left += 1;
    return may;
  }

  #countOf(address: string, kind: LineKind): Count {
    const key = `${kind}\0${address}`;
    const found = this.#counts.get(key);
    if (found !== undefined && this.#now() - found.since < minuteMs) return found;
    if (found !== undefined) this.#conclude(found);
    if (found === undefined && this.#counts.size >= mostCounted && address !== others)
      return this.#countOf(others, kind);
    const count = { since: this.#now(), kind, address, written: 0, left: 0 };
    this.#counts.set(key, count);
    this.#patrol.begin();
    return count;
  }

  #conclude({ kind, address, written, left }: Count): void {
    if (left === 0) return;
    const text = `left out ${left} lines about ${kind} of ${address}, after ${written} within a minute`;
    this.#log.warning(text, { client: address, lines: left });
  }
}
