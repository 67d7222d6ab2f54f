import type { FarmView } from './farm-view.ts';
import type { Line } from './line.ts';

/** The room that there is, in characters. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** How wide the columns are that hosts and jobs share; 0 leaves a column out. */
export interface Layout {
  readonly columns: number;
  readonly name: number;
  readonly bar: number;
  readonly slot: number;
  /** How many of a host's columns of numbers have room, from the left. */
  readonly numbers: number;
}

/** The gap after a name, which belongs to its column. */
const nameGap = 2;

/** Widths of columns that are always the same. */
export const widths = { phase: 12, age: 8, count: 8 } as const;

/** A terminal with fewer columns shows of a job only its phase, its age and its file. */
const narrow = 60;

/** How wide the columns are for these hosts. */
export function layoutFor({ hosts }: FarmView, columns: number): Layout {
  const longest = Math.max('this machine'.length, ...hosts.map(({ name }) => name.length));
  const slots = Math.max(...hosts.map(({ known }) => known?.slots ?? 0), 'slots'.length);
  // Half of the room is for a host's name and numbers.
  const name = Math.min(longest, Math.max(8, Math.floor(columns / 3))) + nameGap;
  const barWidth = Math.max(6, Math.min(slots + 2, 42, Math.floor(columns / 2) - 20));
  return {
    columns,
    name,
    bar: barWidth,
    slot: columns < narrow ? 0 : 5,
    numbers: Math.max(0, Math.floor((columns - name - barWidth) / widths.count)),
  };
}

/** A name in its column, with a gap after it. */
export const nameColumn = (text: string, width: number): Line => [
  { text, width: width - nameGap },
  { text: '', width: nameGap },
];

/** The heading of columns, without those that have no room. */
export function heading(parts: Line, columns: number): Line {
  let room = columns;
  const end = parts.findIndex(({ text, width = 0 }) => (room -= Math.max(width, text.length)) < 0);
  const seen = end === -1 ? parts : parts.slice(0, end);
  return [...seen, { text: '', width: columns }].map((part) => ({ ...part, style: 'heading' }));
}

/** A number of things, such as "1 job" and "2 jobs". */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** A text as lines of whole words, at most `most` of them; the last one has the rest. */
export function wrapped(text: string, columns: number, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > columns && lines.length < most) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** Adds up one number of each value. */
export const sumOf = <T>(values: readonly T[], number: (value: T) => number): number =>
  values.reduce((sum, value) => sum + number(value), 0);

/** A bar in brackets, at most `width` wide: `filled` of `all`, one mark for each of `all` where there is room. */
export function bar(filled: number, all: number, width: number): string {
  const room = Math.max(1, Math.min(width - 2, Math.round(all)));
  const share = all > 0 ? Math.min(1, filled / all) : 0;
  // One that is busy is seen, and so is one that is free.
  const partly = share > 0 && share < 1 && room > 1;
  const marks = partly ? Math.max(1, Math.min(room - 1, Math.round(share * room))) : Math.round(share * room);
  return `[${'#'.repeat(marks)}${'.'.repeat(room - marks)}]`;
}
