import type { Block } from '../model/block.ts';
import { segmentsOf } from '../model/block.ts';
import type { Row } from '../model/row.ts';
import { shadeOf } from './palette.ts';
import type { Palette } from './palette.ts';
import { baseName } from './words.ts';

/** What the lanes of all rows have in common. */
export interface LaneView {
  /** In CSS pixels. */
  readonly width: number;
  readonly laneHeight: number;
  /** The time that is shown, in ms. */
  readonly span: number;
  readonly palette: Palette;
}

/** The smallest lane that has names, and the narrowest block, in CSS pixels. */
const namedHeight = 12;
const namedWidth = 44;

/** Fewer letters of a longer name would tell nothing. */
const fewestLetters = 5;

function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const made = canvas.getContext('2d');
  if (made === null) throw new Error('this browser cannot draw');
  return made;
}

/**
 * Draws the blocks of one row. Blocks that have ended are drawn once, on a ring: a canvas whose columns are points in
 * time, modulo its width. A frame shows the ring from now on, and the blocks that grow over it. So a frame costs the
 * same however many jobs there were.
 */
export class LanePainter {
  readonly canvas = document.createElement('canvas');
  readonly #screen = context(this.canvas);
  readonly #ringCanvas = document.createElement('canvas');
  readonly #ring = context(this.#ringCanvas);
  #view: LaneView | undefined;
  #lanes = 0;
  #scale = 1;
  /** The column of the ring that is cleared up to, counted from 1970. */
  #head = 0;
  /** How many of the row's blocks are on the ring, or were. */
  #painted = 0;
  #shown = { column: 0, version: -1 };

  constructor() {
    this.canvas.setAttribute('aria-hidden', 'true');
  }

  /** Gives the memory of a row back that is not to be seen. */
  release(): void {
    this.#view = undefined;
    for (const canvas of [this.canvas, this.#ringCanvas]) canvas.width = canvas.height = 0;
  }

  /** Draws the row at a time, unless the picture would be the same. */
  draw(row: Row, view: LaneView, now: number): void {
    const scale = window.devicePixelRatio;
    if (this.#view !== view || this.#lanes !== row.lanes || this.#scale !== scale) this.#begin(row, view, scale);
    const { width } = this.#ringCanvas;
    if (width === 0) return;
    const column = Math.floor(now / this.#columnMs());
    this.#advance(row, column);
    const fresh = Math.min(row.total - this.#painted, row.ended.length);
    for (let at = row.ended.length - fresh; at < row.ended.length; at += 1) {
      const block = row.ended[at];
      if (block !== undefined) this.#paintEnded(block);
    }
    this.#painted = row.total;
    if (this.#shown.column === column && this.#shown.version === row.version) return;
    this.#shown = { column, version: row.version };
    this.#show(row, column, now);
  }

  #columnMs(): number {
    return (this.#view?.span ?? 1) / this.#ringCanvas.width;
  }

  #begin(row: Row, view: LaneView, scale: number): void {
    this.#view = view;
    this.#lanes = row.lanes;
    this.#scale = scale;
    const width = Math.max(0, Math.round(view.width * scale));
    const height = Math.round(view.laneHeight * scale) * row.lanes;
    for (const canvas of [this.canvas, this.#ringCanvas]) {
      canvas.width = width;
      canvas.height = height;
    }
    this.canvas.style.height = `${view.laneHeight * row.lanes}px`;
    for (const context2d of [this.#screen, this.#ring]) {
      context2d.textBaseline = 'middle';
      context2d.font = `${Math.round(Math.min(view.laneHeight * 0.68, 14) * scale)}px ${view.palette.font}`;
    }
    this.#head = 0;
    this.#shown = { column: 0, version: -1 };
  }

  /** Clears the columns up to a new one. After a long time, or a step back of the clock, everything is painted again. */
  #advance(row: Row, column: number): void {
    const { width, height } = this.#ringCanvas;
    if (column - this.#head >= width || column < this.#head - 2) {
      this.#ring.clearRect(0, 0, width, height);
      this.#painted = row.total - row.ended.length;
    } else {
      const from = (this.#head + 1) % width;
      const count = column - this.#head;
      if (count > 0) this.#ring.clearRect(from, 0, Math.min(count, width - from), height);
      if (from + count > width) this.#ring.clearRect(0, 0, from + count - width, height);
    }
    this.#head = Math.max(column, column < this.#head - 2 ? 0 : this.#head);
  }

  #paintEnded(block: Block): void {
    const { width } = this.#ringCanvas;
    const ms = this.#columnMs();
    const end = block.ended ?? 0;
    const first = Math.max(Math.floor(block.began / ms), this.#head - width + 1);
    const last = Math.min(Math.floor(end / ms), this.#head);
    if (last < first) return;
    const base = Math.floor(first / width) * width;
    const offsets = last >= base + width ? [base, base + width] : [base];
    for (const offset of offsets) this.#paint(this.#ring, block, { offset, first, last, now: end });
  }

  #show(row: Row, column: number, now: number): void {
    const { width, height } = this.#ringCanvas;
    const start = (column + 1) % width;
    this.#screen.clearRect(0, 0, width, height);
    this.#screen.drawImage(this.#ringCanvas, start, 0, width - start, height, 0, 0, width - start, height);
    if (start > 0) this.#screen.drawImage(this.#ringCanvas, 0, 0, start, height, width - start, 0, start, height);
    const offset = column - width + 1;
    for (const block of row.running) {
      const first = Math.max(Math.floor(block.began / this.#columnMs()), offset);
      this.#paint(this.#screen, block, { offset, first, last: column, now });
    }
  }

  /** Paints a block from its first to its last column; x is a column less the offset. */
  #paint(
    on: CanvasRenderingContext2D,
    block: Block,
    { offset, first, last, now }: { offset: number; first: number; last: number; now: number },
  ): void {
    const view = this.#view;
    if (view === undefined) return;
    const { shades, text } = view.palette;
    const lane = Math.round(view.laneHeight * this.#scale);
    const gap = lane >= 4 ? Math.max(1, Math.round(lane / 12)) : 0;
    const top = block.lane * lane;
    const ms = this.#columnMs();
    // A gap before the block, where there is room for one: the one before may have ended a moment later.
    const left = last - first > 3 * this.#scale ? first + Math.round(this.#scale) : first;
    if (left > first) on.clearRect(first - offset, top, left - first, lane);
    const fill = (from: number, to: number, colour: string): void => {
      on.fillStyle = colour;
      on.fillRect(from - offset, top, Math.max(1, to - from + 1), lane - gap);
    };
    if (block.failed) fill(left, last, shades.fail);
    else {
      // Where no phase is known, or all are shorter than a column.
      fill(left, last, shades[shadeOf[block.phases.at(-1)?.phase ?? 'compile']]);
      for (const { phase, from, to } of segmentsOf(block, now)) {
        const [begin, end] = [Math.max(Math.floor(from / ms), left), Math.min(Math.floor(to / ms), last)];
        const shade = phase === 'compile' && block.kept ? 'kept' : shadeOf[phase];
        if (end >= begin) fill(begin, end, shades[shade]);
      }
    }
    if (view.laneHeight < namedHeight || last - first < namedWidth * this.#scale) return;
    on.fillStyle = text;
    const space = 4 * this.#scale;
    const name = this.#fitted(baseName(block.file), last - first - 2 * space);
    if (name !== '') on.fillText(name, first - offset + space, top + (lane - gap) / 2 + this.#scale / 2);
  }

  /** As much of a name as there is room for. */
  #fitted(name: string, width: number): string {
    const needed = this.#screen.measureText(name).width;
    if (needed <= width) return name;
    const letters = Math.floor((width / needed) * name.length) - 1;
    return letters < fewestLetters ? '' : `${name.slice(0, letters)}…`;
  }
}
