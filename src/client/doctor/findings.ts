import { printable } from '../../logging/log-line.ts';

/** `well`: as it should be; `wrong`: to be mended; `note`: worth knowing, and no fault. */
export type Mark = 'well' | 'wrong' | 'note';

/** What one check has found. */
export interface Finding {
  readonly mark: Mark;
  /** What was checked. */
  readonly about: string;
  /** How it is; for `wrong` the thing, the reason and the cure. */
  readonly text: string;
}

/** What is found about one machine, in the order of the checks. */
export class Findings {
  readonly #all: Finding[] = [];

  get all(): readonly Finding[] {
    return this.#all;
  }

  well(about: string, text: string): void {
    this.#all.push({ mark: 'well', about, text });
  }

  wrong(about: string, text: string): void {
    this.#all.push({ mark: 'wrong', about, text });
  }

  note(about: string, text: string): void {
    this.#all.push({ mark: 'note', about, text });
  }
}

/** How many of them are to be mended. */
export const faultsIn = (findings: readonly Finding[]): number =>
  findings.filter(({ mark }) => mark === 'wrong').length;

const marks = {
  utf8: { well: '✓', wrong: '✗', note: '•' },
  ascii: { well: 'ok', wrong: 'NO', note: '--' },
} as const;

const widest = 12;

/** The lines of one machine: its name, and a line for each finding. */
export function findingLines(machine: string, findings: readonly Finding[], { utf8 }: { utf8: boolean }): string[] {
  const known = utf8 ? marks.utf8 : marks.ascii;
  const lines = findings.map(({ mark, about, text }) => `  ${known[mark]} ${about.padEnd(widest)} ${text}`);
  // Hosts and their compilers wrote some of the words.
  const safe = [machine, ...lines].map(printable);
  return utf8 ? safe : safe.map((line) => line.replaceAll(/[^\x20-\x7e]/g, '?'));
}
