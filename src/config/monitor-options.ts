/** The exit status of distccmon-text when it was called wrongly, as in distcc; the others are those of all programs. */
export const monitorUsageStatus = 1;

/** What distccmon-text prints when its words are wrong. */
export const monitorUsage = `usage: distccmon-text [DELAY]
       distccmon-text --version

Shows the compile jobs of this account that are under way, one a line: process, phase, source, host and slot. With
DELAY, a number of seconds such as 0.5, it goes on showing them until it is told to stop.
`;

/** The longest delay of a timer, in ms. */
const longestDelay = 2 ** 31 - 1;

/** Reads the words of distccmon-text: the delay in ms, 0 to look once; undefined when they are wrong. */
export function readDelay(words: readonly string[]): number | undefined {
  const [word = '', ...more] = words;
  if (more.length > 0) return undefined;
  if (word === '') return 0;
  if (!/^\s*\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(word)) return undefined;
  return Math.min(Number(word) * 1000, longestDelay);
}
