import type { FarmModel } from '../model/farm.ts';
import { byId, setChildren, setStyle } from './dom.ts';
import type { LaneView } from './lane-painter.ts';
import { readPalette } from './palette.ts';
import { RowView } from './row-view.ts';

/** The smallest and the largest lane, in CSS pixels at the usual size of type. */
const smallestLane = 4;
const largestLane = 20;

/** All rows of the picture. */
export class Rows {
  readonly #list = byId('rows');
  readonly #axis = byId('axis');
  readonly #views = new Map<string, RowView>();
  readonly #observer: IntersectionObserver;
  #view: LaneView = { width: 0, laneHeight: smallestLane, span: 60_000, palette: readPalette() };

  constructor() {
    this.#observer = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: '200px 0px' });
    new ResizeObserver(() => this.#measure()).observe(this.#axis);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      this.#change({ palette: readPalette() }),
    );
  }

  get view(): LaneView {
    return this.#view;
  }

  get views(): RowView[] {
    return [...this.#views.values()];
  }

  /** Shows so many ms. */
  show(span: number): void {
    this.#change({ span });
    const parts = span === 30_000 ? 3 : span === 300_000 ? 5 : 4;
    const ticks = Array.from({ length: parts - 1 }, (_, at) => (span * (parts - 1 - at)) / parts / 1000);
    const texts = [...ticks.map((seconds) => (span <= 120_000 ? `${seconds} s` : `${seconds / 60} min`)), 'now'];
    setStyle(byId('picture'), '--parts', String(parts));
    this.#axis.replaceChildren(
      ...texts.map((text) => {
        const tick = document.createElement('span');
        tick.textContent = text === 'now' ? text : `−${text}`;
        return tick;
      }),
    );
  }

  /** Takes the model's rows over, and writes their figures. */
  write({ rows, agents }: FarmModel, now: number): void {
    for (const [name, view] of this.#views) {
      if (rows.get(name) === view.row) continue;
      this.#observer.unobserve(view.element);
      this.#views.delete(name);
    }
    for (const [name, row] of rows) {
      if (this.#views.has(name)) continue;
      const view = new RowView(row);
      this.#views.set(name, view);
      this.#observer.observe(view.element);
    }
    const ordered = [...rows.keys()].flatMap((name) => this.#views.get(name) ?? []);
    setChildren(
      this.#list,
      ordered.map(({ element }) => element),
    );
    for (const view of ordered) view.write(now, this.#view.span, agents.size > 0);
    this.#measure();
  }

  draw(now: number): void {
    for (const view of this.#views.values()) view.draw(this.#view, now);
  }

  /** Lanes are as high as fits on the screen, where that is readable. */
  #measure(): void {
    const type = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const lanes = this.views.reduce((sum, { row }) => sum + row.lanes, 0);
    const room = window.innerHeight * 0.7 - this.#views.size * 14;
    const fitting = Math.floor(room / Math.max(1, lanes));
    const laneHeight = Math.round(Math.max(smallestLane, Math.min(fitting, largestLane)) * type);
    const width = this.#axis.clientWidth;
    if (width !== this.#view.width || laneHeight !== this.#view.laneHeight) this.#change({ width, laneHeight });
  }

  #change(change: Partial<LaneView>): void {
    this.#view = { ...this.#view, ...change };
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const view = this.views.find(({ element }) => element === target);
      if (view === undefined) continue;
      view.near = isIntersecting;
      if (!isIntersecting) view.painter.release();
    }
  }
}
