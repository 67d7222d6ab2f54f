import type { Block } from '../model/block.ts';
import { phaseOf } from '../model/block.ts';
import type { FarmModel } from '../model/farm.ts';
import { byId, make } from './dom.ts';
import { phaseText } from './palette.ts';
import { busyText, restText, rowTitle } from './row-view.ts';
import { baseName, numberText, secondsText } from './words.ts';

const mostJobs = 200;
const mostEnded = 50;

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const caption = make('caption', '', title);
  const head = make('thead', '', make('tr', '', ...heads.map((text) => heading(text, 'col'))));
  const body = make(
    'tbody',
    '',
    ...rows.map(([first = '', ...cells]) =>
      make('tr', '', heading(first, 'row'), ...cells.map((text) => make('td', '', text))),
    ),
  );
  const whole = make('table', '', caption, head, body);
  const frame = make('div', 'table-frame', whole);
  // What is wider than the screen is scrolled in its frame, with the keyboard too.
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', title);
  return frame;
}

function heading(text: string, scope: 'col' | 'row'): HTMLElement {
  const cell = make('th', '', text);
  cell.scope = scope;
  return cell;
}

interface Placed {
  readonly block: Block;
  readonly host: string;
}

/** The same as the picture, as tables. */
export class Tables {
  readonly #place = byId('tables');

  write(farm: FarmModel, now: number): void {
    const rows = [...farm.rows.values()];
    const hosts = rows.map((row) => [
      rowTitle(row.name),
      busyText(row),
      numberText(row.done),
      numberText(row.failed),
      row.expected === undefined ? '' : secondsText(row.expected),
      restText(row, now) ?? (row.listed || farm.agents.size === 0 ? '' : 'not in the list now'),
    ]);
    const placed = (blocksOf: (row: (typeof rows)[number]) => readonly Block[]): Placed[] =>
      rows.flatMap((row) => blocksOf(row).map((block) => ({ block, host: rowTitle(row.name) })));
    const running = placed((row) => [...row.running])
      .sort((one, other) => one.block.began - other.block.began)
      .slice(0, mostJobs)
      .map(({ block, host }) => [
        baseName(block.file) || 'not known yet',
        host,
        phaseText[phaseOf(block)],
        secondsText((now - block.began) / 1000),
        block.why ?? '',
      ]);
    const waiting = [...farm.waiting.values()]
      .slice(0, mostJobs)
      .map(({ file, phase, why }) => [
        baseName(file) || 'not known yet',
        '',
        'waiting',
        secondsText((now - phase.at) / 1000),
        why ?? '',
      ]);
    const ended = placed((row) => row.ended.slice(-mostEnded))
      .sort((one, other) => (other.block.ended ?? 0) - (one.block.ended ?? 0))
      .slice(0, mostEnded)
      .map(({ block, host }) => [
        baseName(block.file),
        host,
        block.failed ? 'failed' : 'done',
        secondsText(((block.ended ?? now) - block.began) / 1000),
        block.why ?? '',
      ]);
    const { scrollLeft, scrollTop } = this.#place;
    this.#place.replaceChildren(
      table('Hosts', ['Host', 'Slots', 'Done', 'Failed', 'Time of a job', 'Rest'], hosts),
      table('Jobs now', ['File', 'Host', 'Phase', 'Time', 'Why'], [...running, ...waiting]),
      table(`The last ${mostEnded} jobs that ended`, ['File', 'Host', 'End', 'Time', 'Why'], ended),
    );
    this.#place.scrollTo(scrollLeft, scrollTop);
  }
}
