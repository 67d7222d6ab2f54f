/** The exit status of distccmon-text when it was called wrongly, as in distcc; the others are those of all programs. */
export const monitorUsageStatus = 1;

/** The options of distccmon-text; each is used alone. */
export const monitorOptions = ['--once', '--version'] as const;

/** What distccmon-text prints when its words are wrong. */
export const monitorUsage = `usage: distccmon-text [DELAY]
       distccmon-text --once
       distccmon-text --version

Shows the compile jobs of this account that are under way. On a terminal it is a table of hosts and jobs that is drawn
again in place, every DELAY seconds, until q is pressed. --once, or 0 as the delay, prints one line for each job
instead, and ends: process, phase, source, host and slot. That is also what a pipe or a file gets, again and again with
a DELAY such as 0.5.
`;

/** The longest delay of a timer, in ms. */
const longestDelay = 2 ** 31 - 1;

/** What distccmon-text shall do. */
export interface MonitorWords {
  /** Print the jobs and end, on a terminal too. */
  readonly once: boolean;
  /** The pause between two looks, in ms; 0 where none was given. */
  readonly delay: number;
}

/** What is wrong with the words of distccmon-text; undefined for `--help`, which asks for the usage only. */
export interface WrongWords {
  readonly wrong: string | undefined;
}

/** Reads the words of distccmon-text. */
export function readMonitorWords(words: readonly string[]): MonitorWords | WrongWords {
  const [word = '', second] = words;
  // As distcc 3.4 does, which takes it for any other wrong word (doc/distcc-behaviour.md, "distccmon-text").
  if (word === '--help') return { wrong: undefined };
  if (second !== undefined) return { wrong: `only one word is expected, and "${second}" is another` };
  if (word === '') return { once: false, delay: 0 };
  if (word === '--once') return { once: true, delay: 0 };
  if (word.startsWith('--')) return { wrong: `${word}: unknown option` };
  if (!/^\s*\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(word)) {
    return { wrong: `DELAY is a number of seconds such as 0.5, not "${word}"` };
  }
  const delay = Math.min(Number(word) * 1000, longestDelay);
  return { once: delay === 0, delay };
}
