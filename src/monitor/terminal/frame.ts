import type { Room } from './layout.ts';

/** Terminals that know it show everything between these two at once; others pass over them. */
const together = ['\x1b[?2026h', '\x1b[?2026l'] as const;

/** What a terminal shows, so that only lines that have changed are written again. */
export class Frame {
  #before: string;
  #shown: readonly string[] = [];
  #room: Room = { columns: 0, rows: 0 };

  /** @param before is written before the first line */
  constructor(before: string) {
    this.#before = before;
  }

  /** Has everything written again, as after another program wrote to the terminal. */
  forget(): void {
    this.#room = { columns: 0, rows: 0 };
  }

  /** One text that makes the terminal show these lines; empty when it shows them already. */
  change(lines: readonly string[], room: Room): string {
    const anew = room.columns !== this.#room.columns || room.rows !== this.#room.rows;
    const old = anew ? [] : this.#shown;
    const rows = Array.from({ length: room.rows }, (_, row) => lines[row] ?? '');
    const changed = rows.flatMap((line, row) => (line === (old[row] ?? '') ? [] : [`\x1b[${row + 1};1H${line}\x1b[K`]));
    const text = (anew ? `${this.#before}\x1b[H\x1b[J` : '') + changed.join('');
    this.#before = '';
    this.#shown = rows;
    this.#room = room;
    return text === '' ? '' : together[0] + text + together[1];
  }
}
