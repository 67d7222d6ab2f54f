import type { Block } from '../model/block.ts';
import { ownRow } from '../model/row.ts';
import type { Row } from '../model/row.ts';
import { make, setAttribute, setStyle, setText } from './dom.ts';
import { LanePainter } from './lane-painter.ts';
import type { LaneView } from './lane-painter.ts';
import { countText, numberText, secondsText, shareText } from './words.ts';

/** What a row is called. */
export const rowTitle = (name: string): string => (name === ownRow ? 'This machine' : name);

/** Why a host rests, and how long it still does; undefined when it does not. */
export function restText({ rest }: Row, now: number): string | undefined {
  if (rest === undefined || rest.until <= now) return undefined;
  return `rests ${secondsText(Math.ceil((rest.until - now) / 1000))} more: ${rest.why}`;
}

/** How many of a row's slots have a job: "5 of 8 busy". */
export function busyText({ running, slots }: Row): string {
  return slots === 0 ? `${numberText(running.size)} busy` : `${running.size} of ${slots} busy`;
}

/** A host, or this machine, on the page: its name and figures, and its lanes. */
export class RowView {
  readonly row: Row;
  readonly element: HTMLLIElement;
  readonly painter = new LanePainter();
  /** Whether it is to be seen, or nearly. */
  near = false;
  readonly #busy = make('span', 'busy');
  readonly #level = make('span', 'level');
  readonly #facts = make('p', 'facts');
  readonly #rest = make('p', 'rest');

  constructor(row: Row) {
    this.row = row;
    const meter = make('span', 'meter', this.#level);
    meter.setAttribute('aria-hidden', 'true');
    const title = make('h2', 'name', rowTitle(row.name));
    title.title = title.textContent ?? '';
    const label = make('div', 'label', title, make('p', 'use', meter, this.#busy), this.#facts, this.#rest);
    this.element = make('li', 'row', label, make('div', 'lanes', this.painter.canvas));
    this.element.tabIndex = -1;
  }

  /** Writes the figures. `span` is the time that is shown, in ms; without an agent no list of hosts is known. */
  write(now: number, span: number, hasList: boolean): void {
    const { row } = this;
    const { running, slots, done, failed, expected, listed } = row;
    const rest = restText(row, now);
    setText(this.#busy, busyText(row));
    setStyle(this.#level, 'inline-size', `${Math.min(100, (100 * running.size) / Math.max(1, slots || row.lanes))}%`);
    const facts = [
      row.slots === 0 ? '' : `${shareText(row.busyShare(now, span))} used`,
      `${numberText(done)} done`,
      failed > 0 ? `${numberText(failed)} failed` : '',
      expected === undefined ? '' : `${secondsText(expected)} a job`,
      listed || !hasList ? '' : 'not in the list now',
    ];
    setText(this.#facts, facts.filter((fact) => fact !== '').join(' · '));
    setText(this.#rest, rest ?? '');
    setAttribute(this.element, 'data-rests', rest === undefined ? undefined : 'yes');
    setAttribute(
      this.element,
      'aria-label',
      `${rowTitle(row.name)}: ${busyText(row)}, ${countText(done, 'job')} done, ${numberText(failed)} failed${rest === undefined ? '' : `, ${rest}`}`,
    );
  }

  draw(view: LaneView, now: number): void {
    setStyle(this.element, '--lane', `${view.laneHeight}px`);
    if (this.near) this.painter.draw(this.row, view, now);
  }

  /** The block at a point of the lanes, in CSS pixels from their upper left; undefined where there is none. */
  blockAt(x: number, y: number, { width, laneHeight, span }: LaneView, now: number): Block | undefined {
    const at = now - ((width - x) * span) / width;
    const lane = Math.floor(y / laneHeight);
    // A block that is narrower than a pixel can still be met.
    const slack = span / width;
    const isThere = (block: Block): boolean =>
      block.lane === lane && block.began - slack <= at && (block.ended ?? now) + slack >= at;
    return [...this.row.running].find(isThere) ?? this.row.ended.findLast(isThere);
  }

  /** Its blocks in the time that is shown, newest first. */
  blocks(now: number, span: number): Block[] {
    const seen = this.row.ended.filter(({ ended = 0 }) => ended > now - span);
    return [...[...this.row.running].reverse(), ...seen.reverse()];
  }
}
