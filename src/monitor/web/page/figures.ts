import type { FarmModel } from '../model/farm.ts';
import { ownRow } from '../model/row.ts';
import { byId, make, setAttribute, setStyle, setText } from './dom.ts';
import { bytesText, countText, numberText, shareText, together, usedText } from './words.ts';

/** A figure with its name, a line below it, and how full it is. */
class Figure {
  readonly element: HTMLElement;
  readonly #value = make('p', 'value');
  readonly #note = make('p', 'note');
  readonly #level = make('span', 'level');

  constructor(title: string, width: '' | 'wide' = '') {
    const meter = make('span', 'meter', this.#level);
    meter.setAttribute('aria-hidden', 'true');
    this.element = make('div', `figure ${width}`.trim(), make('h2', '', title), this.#value, this.#note, meter);
  }

  write(value: string, note: string, { share, bad = false }: { share?: number; bad?: boolean } = {}): void {
    setText(this.#value, value);
    setText(this.#note, note);
    setAttribute(this.element, 'data-bad', bad ? 'yes' : undefined);
    setAttribute(this.element, 'data-level', share === undefined ? undefined : 'yes');
    setStyle(this.#level, 'inline-size', `${Math.round(Math.min(1, share ?? 0) * 100)}%`);
  }
}

/** The figures at the top of the page. */
export class Figures {
  readonly #slots = new Figure('Slots busy');
  readonly #jobs = new Figure('Jobs done');
  readonly #remote = new Figure('Compiled on hosts');
  readonly #failures = new Figure('Failures');
  readonly #network = new Figure('Network', 'wide');
  readonly #machine = new Figure('This machine');

  constructor() {
    const all = [this.#slots, this.#jobs, this.#remote, this.#failures, this.#network, this.#machine];
    byId('figures').append(...all.map(({ element }) => element));
  }

  write(farm: FarmModel, now: number): void {
    const hosts = [...farm.rows.values()].filter(({ name }) => name !== ownRow);
    const sum = (of: (row: (typeof hosts)[number]) => number): number =>
      hosts.reduce((total, row) => total + of(row), 0);
    const busy = sum(({ running }) => running.size);
    const slots = sum((row) => (row.listed ? row.slots : row.running.size));
    const rates = farm.rates(now);
    const waiting = farm.waiting.size === 0 ? 'none waiting' : `${countText(farm.waiting.size, 'job')} waiting`;
    this.#slots.write(`${busy} of ${slots}`, waiting, { share: slots === 0 ? 0 : busy / slots });

    const { remote, here: local, failed } = farm.totals;
    this.#jobs.write(numberText(remote + local), `${rates.jobs.toFixed(1)} a second now`);
    const share = remote + local === 0 ? undefined : remote / (remote + local);
    this.#remote.write(
      share === undefined ? '–' : shareText(share),
      `${numberText(local)} on this machine`,
      share === undefined ? {} : { share },
    );

    const here = farm.build?.failedJobs ?? 0;
    const resting = hosts.filter(({ rest }) => rest !== undefined && rest.until > now).length;
    this.#failures.write(
      numberText(failed),
      resting > 0
        ? `${countText(resting, 'host')} ${resting === 1 ? 'rests' : 'rest'}`
        : `at hosts; ${countText(here, 'job')} failed`,
      { bad: failed > 0 },
    );

    const sent = farm.build?.hosts ?? [];
    const out = sent.reduce((total, { bytesOut }) => total + bytesOut, 0);
    const back = sent.reduce((total, { bytesIn }) => total + bytesIn, 0);
    this.#network.write(
      together(`${bytesText(out)} ↑`, `${bytesText(back)} ↓`),
      together(`${bytesText(rates.bytesOut)}/s ↑`, `${bytesText(rates.bytesIn)}/s ↓`),
    );

    const { machine } = farm;
    if (machine === undefined) this.#machine.write('–', 'told by an agent only');
    else {
      const memory = `${usedText(machine.memoryBytes - machine.availableBytes, machine.memoryBytes)} memory`;
      this.#machine.write(`${shareText(machine.busy)} CPU`, memory, { share: machine.busy });
    }
  }
}
