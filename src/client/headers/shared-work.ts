import { waitAtMost } from '../../system/wait-at-most.ts';

/** How long a job waits for what another one has begun, in ms: that may be stopped, and must not hold others up. */
const patienceMs = 1000;

/** What jobs are doing for themselves that others can use: those wait for it instead of doing it as well. */
export class SharedWork<K> {
  readonly #begun = new Map<K, Promise<unknown>>();

  /** Notes what a job has begun. */
  begin(keys: readonly K[], work: Promise<unknown>): void {
    const end = (): void => {
      for (const key of keys) if (this.#begun.get(key) === work) this.#begun.delete(key);
    };
    for (const key of keys) this.#begun.set(key, work);
    work.then(end, end);
  }

  isBegun(key: K): boolean {
    return this.#begun.has(key);
  }

  /** Waits for what others do, a moment at most: whoever waits looks afterwards whether it was done. */
  async wait(keys: Iterable<K>): Promise<void> {
    const works = new Set<Promise<unknown>>();
    for (const key of keys) {
      const work = this.#begun.get(key);
      if (work !== undefined) works.add(work);
    }
    if (works.size > 0) await waitAtMost(patienceMs, Promise.allSettled(works));
  }
}
