import type { HostList, HostSource } from './host-list.ts';
import { listFrom, parseSource } from './host-source.ts';
import type { Host } from './host.ts';

/** The hosts of one job: a list that may change while the job waits for one of them. */
export interface JobHosts {
  /** Jobs with the same key have the same hosts, maybe in another order. */
  readonly key: string;
  /** The list as it is now. */
  readonly list: HostList;
  /** Looks for a change now; it never rejects. */
  refresh(): Promise<void>;
  /** Looks for changes until the returned function is called, and calls `changed` after each. */
  watch(changed: () => void): () => void;
}

/** A host list that never changes. */
export function fixedHosts(list: HostList): JobHosts {
  const key = list.hosts.map(({ definition }) => definition).join(' ');
  return { key, list, refresh: () => Promise.resolve(), watch: () => () => {} };
}

/** The key of a list. A file is one list, whatever it holds at the moment. */
export const keyOf = ({ name, text, unit }: HostSource): string => (unit === 'words' ? `${name}\0${text}` : name);

/** How often a file is read again while jobs wait for its hosts, in ms. */
const periodMs = 1000;

/** The new entries, but equal old ones keep their objects: a job remembers hosts that failed it by their object. */
function withKnown(entries: readonly Host[], known: readonly Host[]): Host[] {
  const left = new Map<string, Host[]>();
  for (const host of known) left.set(host.definition, [...(left.get(host.definition) ?? []), host]);
  return entries.map((host) => left.get(host.definition)?.shift() ?? host);
}

/** A list of hosts that jobs share. */
export class ChangingHosts {
  readonly #listeners = new Set<() => void>();
  #source: HostSource;
  #list: HostList;
  #lookedAt = -Infinity;

  /** @throws Failure (status 106) when the list cannot be used */
  constructor(source: HostSource) {
    this.#source = source;
    this.#list = parseSource(source);
  }

  /** Reads the source's present text. @throws Failure (status 106) when that cannot be used; then the old list stays */
  update(source: HostSource): void {
    if (source.text === this.#source.text) return;
    const list = parseSource(source);
    this.#source = source;
    this.#list = { ...list, hosts: withKnown(list.hosts, this.#list.hosts) };
    for (const changed of this.#listeners) changed();
  }

  /**
   * The hosts as one job sees them; `read` gives the text that the source has now, or undefined when it cannot be read.
   */
  forJob(read: () => Promise<string | undefined>): JobHosts {
    let from = this.#list;
    let list = this.#ordered();
    const current = (): HostList => {
      if (from !== this.#list) [from, list] = [this.#list, this.#ordered()];
      return list;
    };
    return {
      key: keyOf(this.#source),
      get list() {
        return current();
      },
      refresh: () => this.#look(read),
      watch: (changed) => this.#watch(changed, read),
    };
  }

  /** The list with its order and warnings for one job. */
  #ordered(): HostList {
    return listFrom(this.#source, () => this.#list);
  }

  #watch(changed: () => void, read: () => Promise<string | undefined>): () => void {
    const listener = (): void => changed();
    this.#listeners.add(listener);
    const timer = setInterval(() => void this.#look(read), periodMs).unref();
    return () => {
      clearInterval(timer);
      this.#listeners.delete(listener);
    };
  }

  /** One of the waiting jobs reads the source for all of them. */
  async #look(read: () => Promise<string | undefined>): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < periodMs / 2) return;
    this.#lookedAt = now;
    try {
      const text = await read();
      if (text !== undefined) this.update({ ...this.#source, text });
    } catch {
      // The next new job reports what is wrong with the file.
    }
  }
}
