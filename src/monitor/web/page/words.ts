const digits = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 12,345 */
export const numberText = (value: number): string => digits.format(value);

/** One thing or many: "1 job", "2 jobs". */
export const countText = (count: number, word: string): string =>
  `${numberText(count)} ${word}${count === 1 ? '' : 's'}`;

/** Texts that a line may be broken between, and not within. */
export const together = (...texts: readonly string[]): string =>
  texts.map((text) => text.replaceAll(' ', '\u00a0')).join(' ');

/** A share from 0 to 1: 37 %. Less than all is never 100 %, and more than nothing never 0 %. */
export function shareText(share: number): string {
  const percent = Math.round(share * 100);
  return `${share < 1 && percent === 100 ? 99 : share > 0 && percent === 0 ? 1 : percent} %`;
}

/** Seconds: 0.42 s, 3.1 s, 42 s, 3 min 20 s, 2 h 5 min. */
export function secondsText(seconds: number): string {
  if (seconds < 0.995) return `${Math.max(0, seconds).toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const round = Math.round(seconds);
  if (round < 120) return `${round} s`;
  const minutes = Math.floor(round / 60);
  return minutes < 120 ? `${minutes} min ${round % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A quantity of bytes: 900 B, 12 kB, 3.4 MB. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit] ?? ''}`;
}

/** How much of a number of bytes is used: 13 of 32 GB, 900 MB of 32 GB. */
export function usedText(used: number, all: number): string {
  const [part, whole] = [bytesText(used), bytesText(all)];
  const [value = '', unit = ''] = part.split(' ');
  return whole.endsWith(` ${unit}`) ? `${value} of ${whole}` : `${part} of ${whole}`;
}

/** A file's name without its directory. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
