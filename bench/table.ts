import { loadavg } from 'node:os';

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** A row of cells that hold spreads. */
export function wideRow(what: string, ...cells: readonly string[]): string {
  return what.padEnd(34) + cells.map((cell) => cell.padStart(22)).join('');
}

/** How busy the machine is and was. */
export function loadText(): string {
  const texts = loadavg().map((value) => value.toFixed(2));
  return `load average ${texts.join(' ')}`;
}

const digits = (value: number): string => value.toFixed(Math.abs(value) < 1 ? 3 : Math.abs(value) < 10 ? 2 : 1);

/** The middle one, then the least and the most, where there are several. */
export function spread(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${digits(median(values))}${values.length < 2 ? '' : ` (${digits(least)}-${digits(most)})`}`;
}

/** Rows of medians of two programs, with the ratio of the second to the first: below 1 the second needs less. */
export class Comparison {
  readonly #rows: string[];

  constructor(first: string, second: string) {
    this.#rows = [row('median', first, second, 'ratio', 'spread')];
  }

  /**
   * Adds one row; ratio and spread are of rounds that ran one after the other, which a neighbour on the machine
   * disturbs alike.
   */
  add(
    what: string,
    unit: string,
    values: { readonly theirs: readonly number[]; readonly ours: readonly number[] },
  ): void {
    const [theirs, ours] = [median(values.theirs), median(values.ours)];
    const ratios = values.ours.map((value, at) => value / (values.theirs[at] ?? Number.NaN)).sort((a, b) => a - b);
    const range = ratios.length < 2 ? '' : `${ratios[0]?.toFixed(2) ?? ''}-${ratios.at(-1)?.toFixed(2) ?? ''}`;
    const title = unit === '' ? what : `${what}, ${unit}`;
    this.#rows.push(row(title, digits(theirs), digits(ours), median(ratios).toFixed(2), range));
  }

  print(report: (line: string) => void): void {
    for (const line of this.#rows) report(line);
  }
}

function row(what: string, ...cells: readonly string[]): string {
  return what.padEnd(42) + cells.map((cell) => cell.padStart(13)).join('');
}
