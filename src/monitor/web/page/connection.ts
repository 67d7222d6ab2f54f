import type { FeedBatch } from '../model/feed.ts';
import type { Link } from './notice.ts';

/** After this time in the background a page is told nothing more, in ms: what it asks of the agent costs the build. */
const patience = 60_000;

/** How long the page waits before it asks again, in ms. */
const pause = 2000;

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
      this.link = 'lost';
      // A browser tries again by itself, but not after an answer that was not what it asked for.
      if (source.readyState === EventSource.CLOSED && source === this.#source) void this.#askWhy();
    });
  }

  /** Finds out whether this page's address is still valid; if it is, there were too many pages, and it tries again. */
  async #askWhy(): Promise<void> {
    const status = await fetch('page.js', { method: 'HEAD' }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status >= 400) this.link = 'refused';
    else setTimeout(() => this.#open(), pause);
  }
}
