import type { Block } from '../model/block.ts';
import { segmentsOf } from '../model/block.ts';
import { ownRow } from '../model/row.ts';
import { endText, nameText } from './block-words.ts';
import { byId, make } from './dom.ts';
import { phaseText, shadeOf } from './palette.ts';
import { rowTitle } from './row-view.ts';
import type { RowView } from './row-view.ts';
import type { Rows } from './rows.ts';
import { baseName, secondsText } from './words.ts';

/** How a sentence about a block says what became of it, where it was not done. */
const spokenEnds: Readonly<Record<string, string>> = {
  'at work': 'at work for',
  failed: 'failed after',
  interrupted: 'was interrupted after',
  'not known': 'was lost after',
};

/** One sentence about a block, for those who hear it. */
function sentenceOf(block: Block, { row }: RowView, now: number): string {
  const time = secondsText(((block.ended ?? now) - block.began) / 1000);
  const state = spokenEnds[endText(block)];
  const place = row.name === ownRow ? 'on this machine' : `on ${row.name}`;
  return `${baseName(block.file) || 'A job'} ${place} ${state ?? 'took'} ${time}${block.why === undefined ? '' : `: ${block.why}`}`;
}

/** What is told of a block under the pointer, or of one that was chosen with the keyboard. */
export class Tip {
  readonly #tip = byId('tip');
  readonly #rows: Rows;
  readonly #clock: () => number;
  readonly #say: (text: string) => void;
  #chosen: { readonly view: RowView; readonly block: Block | undefined } | undefined;

  /** `clock` is the time at the right edge of the picture. */
  constructor(rows: Rows, clock: () => number, say: (text: string) => void) {
    this.#rows = rows;
    this.#clock = clock;
    this.#say = say;
    const list = byId('rows');
    list.addEventListener('pointermove', (event) => this.#point(event));
    list.addEventListener('pointerleave', () => this.hide());
    list.addEventListener('keydown', (event) => this.#press(event));
    list.tabIndex = 0;
  }

  hide(): void {
    this.#tip.hidden = true;
  }

  #viewOf(target: EventTarget | null): RowView | undefined {
    return this.#rows.views.find(({ element }) => target instanceof Node && element.contains(target));
  }

  #point(event: PointerEvent): void {
    const view = this.#viewOf(event.target);
    if (view === undefined || event.target !== view.painter.canvas) {
      this.hide();
      return;
    }
    const box = view.painter.canvas.getBoundingClientRect();
    const block = view.blockAt(event.clientX - box.left, event.clientY - box.top, this.#rows.view, this.#clock());
    if (block === undefined) this.hide();
    else this.#show(view, block, event.clientX, event.clientY);
  }

  /** Up and down choose a row, left and right one of its jobs. */
  #press(event: KeyboardEvent): void {
    const { views } = this.#rows;
    if (event.key === 'Escape') {
      this.hide();
      return;
    }
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const move = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (step === undefined && move === undefined) return;
    event.preventDefault();
    const at = this.#chosen === undefined ? -1 : views.indexOf(this.#chosen.view);
    const next = views[Math.max(0, Math.min(views.length - 1, at + (step ?? (at === -1 ? 1 : 0))))];
    if (next === undefined) return;
    if (step !== undefined || at === -1) {
      this.#choose(next, undefined);
      return;
    }
    const blocks = next.blocks(this.#clock(), this.#rows.view.span);
    const from = this.#chosen?.block === undefined ? -1 : blocks.indexOf(this.#chosen.block);
    this.#choose(next, blocks[Math.max(0, Math.min(blocks.length - 1, from + (move ?? 0)))]);
  }

  #choose(view: RowView, block: Block | undefined): void {
    this.#chosen = { view, block };
    view.element.focus({ preventScroll: false });
    if (block === undefined) {
      this.hide();
      return;
    }
    const { width, laneHeight, span } = this.#rows.view;
    const now = this.#clock();
    const box = view.painter.canvas.getBoundingClientRect();
    const middle = Math.max(((block.ended ?? now) + block.began) / 2, now - span);
    const x = box.left + width - ((now - middle) * width) / span;
    this.#show(view, block, x, box.top + (block.lane + 1) * laneHeight);
    this.#say(sentenceOf(block, view, now));
  }

  #show(view: RowView, block: Block, x: number, y: number): void {
    const now = this.#clock();
    const { row } = view;
    const place = row.name === ownRow ? rowTitle(row.name) : `${row.name}, slot ${block.lane + 1}`;
    const took = secondsText(((block.ended ?? now) - block.began) / 1000);
    const phases = make('ul', 'phases');
    for (const { phase, from, to } of segmentsOf(block, now)) {
      const swatch = make('span', 'swatch');
      swatch.dataset['shade'] = phase === 'compile' && block.kept ? 'kept' : shadeOf[phase];
      phases.append(make('li', '', swatch, `${phaseText[phase]} `, make('b', '', secondsText((to - from) / 1000))));
    }
    this.#tip.replaceChildren(
      make('p', 'tip-name', nameText(block)),
      make('p', '', `${place} · ${endText(block)} · ${took}`),
      phases,
      ...(block.kept ? [make('p', 'why', 'the host had kept the result of this compile')] : []),
      ...(block.why === undefined ? [] : [make('p', 'why', block.why)]),
    );
    this.#tip.hidden = false;
    const { offsetWidth, offsetHeight } = this.#tip;
    const left = Math.max(8, Math.min(x + 14, window.innerWidth - offsetWidth - 8));
    const below = y + 18 + offsetHeight < window.innerHeight;
    this.#tip.style.left = `${left}px`;
    this.#tip.style.top = `${Math.max(8, below ? y + 18 : y - offsetHeight - 12)}px`;
  }
}
