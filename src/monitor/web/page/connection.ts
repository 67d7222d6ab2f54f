import type { FeedBatch } from '../model/feed.ts';
import type { Link } from './notice.ts';

/** After this time in the background a page is told nothing more, in ms: what it asks of the agent costs the build. */
const patience = 60_000;

/** The connection to distccmon-web. It comes back by itself. */
export class Connection {
  link: Link = 'connecting';
  /** The other machine's clock minus ours, in ms. */
  #skew = 0;
  #source: EventSource | undefined;
  readonly #take: (batch: FeedBatch) => void;

  constructor(take: (batch: FeedBatch) => void) {
    this.#take = take;
    let timer = 0;
    document.addEventListener('visibilitychange', () => {
      clearTimeout(timer);
      if (document.hidden) timer = window.setTimeout(() => this.#close(), patience);
      else if (this.#source === undefined) this.#open();
    });
    this.#open();
  }

  /** The time on the machine whose jobs are shown, in ms since 1970. */
  now(): number {
    return Date.now() + this.#skew;
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #open(): void {
    const source = new EventSource('events');
    let fresh = true;
    this.#source = source;
    source.addEventListener('open', () => (this.link = 'open'));
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server wrote it
      const batch = JSON.parse(data) as FeedBatch;
      const skew = batch.at - Date.now();
      // Messages come late, never early: the largest difference is nearest to the truth.
      this.#skew = fresh ? skew : Math.max(this.#skew, skew);
      fresh = false;
      this.#take(batch);
    });
    source.addEventListener('error', () => {
      fresh = true;
      // A browser tries again by itself, but not when it was refused.
      this.link = source.readyState === EventSource.CLOSED ? 'refused' : 'lost';
    });
  }
}
