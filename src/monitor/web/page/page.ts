import { FarmModel } from '../model/farm.ts';
import { Announcer } from './announcer.ts';
import { Cards } from './cards.ts';
import { Connection } from './connection.ts';
import { byId, make } from './dom.ts';
import { Figures } from './figures.ts';
import { Notices } from './notice.ts';
import { legend } from './palette.ts';
import { Rows } from './rows.ts';
import { Tables } from './tables.ts';
import { Tip } from './tip.ts';

/** How often texts are written, in ms: faster than this nobody reads. */
const writing = 250;

const spans: readonly (readonly [string, number])[] = [
  ['30 s', 30_000],
  ['1 min', 60_000],
  ['2 min', 120_000],
  ['5 min', 300_000],
];

/** The page. */
class Page {
  readonly #farm = new FarmModel();
  readonly #connection = new Connection((batch) => this.#farm.take(batch));
  readonly #rows = new Rows();
  readonly #figures = new Figures();
  readonly #cards = new Cards();
  readonly #tables = new Tables();
  readonly #notices = new Notices();
  readonly #announcer = new Announcer();
  readonly #tip = new Tip(
    this.#rows,
    () => this.#now(),
    (text) => this.#announcer.say(text),
  );
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)');
  /** The time at which the picture was stopped. */
  #stopped: number | undefined;
  #asTables = false;
  #written = 0;
  #drawn = 0;

  start(): void {
    byId('legend').append(
      ...legend.map(([shade, text]) => {
        const swatch = make('span', 'swatch');
        swatch.dataset['shade'] = shade;
        return make('li', '', swatch, text);
      }),
    );
    const buttons = spans.map(([text, span]) => {
      const button = make('button', '', text);
      button.type = 'button';
      button.addEventListener('click', () => choose(span));
      return button;
    });
    const choose = (span: number): void => {
      this.#rows.show(span);
      buttons.forEach((button, index) => button.setAttribute('aria-pressed', String(spans[index]?.[1] === span)));
    };
    byId('spans').append(...buttons);
    choose(window.innerWidth < 700 ? 30_000 : 60_000);
    byId('pause').addEventListener('click', () => this.#pause());
    byId('as-table').addEventListener('click', () => this.#showTables());
    document.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
      if (ctrlKey || metaKey || altKey) return;
      if (key === 'p') this.#pause();
      if (key === 't') this.#showTables();
    });
    requestAnimationFrame(() => this.#frame());
  }

  #now(): number {
    return this.#stopped ?? this.#connection.now();
  }

  #pause(): void {
    this.#stopped = this.#stopped === undefined ? this.#connection.now() : undefined;
    const button = byId('pause');
    button.setAttribute('aria-pressed', String(this.#stopped !== undefined));
    button.textContent = this.#stopped === undefined ? 'Pause' : 'Go on';
    this.#written = 0;
  }

  #showTables(): void {
    this.#asTables = !this.#asTables;
    byId('as-table').setAttribute('aria-pressed', String(this.#asTables));
    for (const id of ['picture', 'legend']) byId(id).hidden = this.#asTables;
    byId('tables').hidden = !this.#asTables;
    this.#tip.hide();
    this.#written = 0;
  }

  #frame(): void {
    requestAnimationFrame(() => this.#frame());
    const now = this.#connection.now();
    if (Math.abs(now - this.#written) >= (this.#asTables ? 4 * writing : writing)) {
      this.#written = now;
      this.#write(now);
    }
    if (this.#stopped !== undefined || this.#asTables) return;
    if (this.#calm.matches && now - this.#drawn < 1000) return;
    this.#drawn = now;
    this.#rows.draw(now);
  }

  #write(now: number): void {
    const farm = this.#farm;
    farm.forget(now);
    this.#notices.write(farm, this.#connection.link, this.#stopped !== undefined);
    this.#announcer.look(farm, now);
    if (this.#stopped !== undefined) return;
    this.#figures.write(farm, now);
    this.#cards.write(farm, now);
    if (this.#asTables) this.#tables.write(farm, now);
    else this.#rows.write(farm, now);
    let busy = 0;
    for (const { name, running } of farm.rows.values()) if (name !== '') busy += running.size;
    const title = busy > 0 ? `${busy} busy · distcc` : 'distcc';
    if (document.title !== title) document.title = title;
  }
}

new Page().start();
