import type { Fields, Level, Logger } from '../../logging/log-line.ts';
import { EverySecond, steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';

/** What a line that a client causes is about, and how many such lines of one address are written a minute. */
const linesPerMinute = {
  // Each of these stands for work that was done.
  'a connection': 6000,
  'a compile': 6000,
  'a command': 6000,
  'a job that was done': 6000,
  'a connection that the access list denied': 60,
  'a connection without a place': 60,
  'a request that could not be read': 60,
  'bytes after a request': 60,
  'a job that was refused': 60,
  'a job that was lost': 60,
  'a job that was given up': 60,
  'a compiler that could not be started': 60,
  'a connection without a job': 60,
} as const satisfies Readonly<Record<string, number>>;

/** What a line is about. */
export type LineKind = keyof typeof linesPerMinute;

/** Where what a client causes is written. */
export interface ClientLog {
  /** Whether a line of this level would be written: asked before building an expensive text. */
  writes(level: Level): boolean;
  say(kind: LineKind, level: Level & keyof Logger, text: string, fields?: Fields): void;
}

const minuteMs = 60_000;
/**
 * How many addresses and kinds are told apart; all others share one count, since strangers choose how many there are.
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
 * Writes what clients cause: of each address and kind a limited number of lines a minute, then one line that counts the
 * others.
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

  /** The log for what this client causes; each of its lines has the client as a field. */
  of(address: string): ClientLog {
    return {
      writes: (level) => this.#log.writes(level),
      say: (kind, level, text, fields) => {
        if (this.#log.writes(level) && this.#mayWrite(address, kind))
          this.#log[level](text, { client: address, ...fields });
      },
    };
  }

  /** Writes how many lines were left out where a minute is over; tells whether any is not. */
  review(): boolean {
    for (const [key, count] of this.#counts) {
      if (this.#now() - count.since < minuteMs) continue;
      this.#counts.delete(key);
      this.#conclude(count);
    }
    return this.#counts.size > 0;
  }

  /** Writes what is still to be said of lines that were left out. */
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
