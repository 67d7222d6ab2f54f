import { Interrupted } from '../faults.ts';
import { lockName } from '../host.ts';
import type { DistantHost, Host } from '../host.ts';
import { candidatesOf, usableHosts } from '../schedule.ts';
import type { LocalWork, Slots, TakenHost, TakenSlot } from '../slots.ts';

/** What one job waits for. */
interface Request {
  /** What it gets now, or undefined. */
  look(): { grant: () => void } | undefined;
  /** Requests of the same kind find the same: when one finds nothing, nor do the others. */
  readonly alike: unknown;
}

/** Why a host gets no jobs for a while. */
export interface Rest {
  readonly why: string;
  /** On the clock that the places were made with, in ms. */
  readonly until: number;
}

/** What the places look like at one moment. */
export interface PlacesReport {
  readonly busy: ReadonlyMap<string, number>;
  readonly resting: ReadonlyMap<string, Rest>;
  readonly waiting: number;
}

/** What a job says about itself when it asks for places. */
export interface Asker {
  readonly interrupted: AbortSignal;
  /** How long a host that failed rests, 0 for not at all. */
  readonly restSeconds: number;
}

/** An entry of a host list with its share of the host's places: a host that is listed twice has twice as many. */
function sharesOf(hosts: readonly Host[]): Map<Host, number> {
  const given = new Map<string, number>();
  const first = new Map<Host, number>();
  for (const host of hosts) {
    const before = given.get(lockName(host)) ?? 0;
    first.set(host, before);
    given.set(lockName(host), before + host.slots);
  }
  return first;
}

/**
 * The places of all jobs of an agent. Who came first is served first; a place that gets free is handed on in the same moment, to the
 * first job that can use it.
 */
export class Places {
  readonly #now: () => number;
  readonly #busy = new Map<string, Set<number>>();
  readonly #resting = new Map<string, Rest>();
  readonly #waiting = new Set<Request>();
  readonly #shares = new WeakMap<readonly Host[], Map<Host, number>>();

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The places as one job sees them. */
  slotsFor({ interrupted, restSeconds }: Asker): Slots {
    return {
      takeHost: (hosts, failed) => {
        const look = (): TakenHost | 'none' | undefined => this.#lookForHost(hosts, failed);
        return this.#wait(look, failed.size === 0 ? hosts : {}, interrupted).then((found) =>
          found === 'none' ? undefined : found,
        );
      },
      takeLocal: (count, work) => {
        return this.#wait(() => this.#lookHere(count, work), `${work} ${count}`, interrupted);
      },
      rest: (host, why) => {
        if (restSeconds === 0) return;
        this.#resting.set(lockName(host), { why, until: this.#now() + restSeconds * 1000 });
        // Whoever waits for this host only has to know.
        this.#handOut();
      },
      praise: (host) => void this.#resting.delete(lockName(host)),
    };
  }

  /** What a status report shows. */
  report(): PlacesReport {
    for (const name of this.#resting.keys()) this.#restOf(name);
    const busy = new Map(
      [...this.#busy].filter(([, taken]) => taken.size > 0).map(([name, taken]) => [name, taken.size]),
    );
    return { busy, resting: this.#resting, waiting: this.#waiting.size };
  }

  /** Why a host rests, or undefined. */
  restOf(host: DistantHost): Rest | undefined {
    return this.#restOf(lockName(host));
  }

  #restOf(name: string): Rest | undefined {
    const rest = this.#resting.get(name);
    if (rest === undefined || rest.until > this.#now()) return rest;
    this.#resting.delete(name);
    return undefined;
  }

  #taken(name: string): Set<number> {
    const taken = this.#busy.get(name) ?? new Set();
    this.#busy.set(name, taken);
    return taken;
  }

  #take(name: string, slot: number): TakenSlot | undefined {
    const taken = this.#taken(name);
    if (taken.has(slot)) return undefined;
    taken.add(slot);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      taken.delete(slot);
      this.#handOut();
    };
    // The job's connection holds the place, also when its launcher becomes the compiler.
    return { slot, lock: { keepThroughExec: () => {}, release } };
  }

  #lookHere(count: number, work: LocalWork): TakenSlot | undefined {
    for (let slot = 0; slot < count; slot += 1) {
      const taken = this.#take(`here, ${work}`, slot);
      if (taken !== undefined) return taken;
    }
    return undefined;
  }

  #lookForHost(hosts: readonly Host[], failed: ReadonlySet<Host>): TakenHost | 'none' | undefined {
    const usable = usableHosts(hosts, { failed, rests: (host) => this.#restOf(lockName(host)) !== undefined });
    if (usable.length === 0) return 'none';
    const shares = this.#shares.get(hosts) ?? sharesOf(hosts);
    this.#shares.set(hosts, shares);
    for (const { host, slot } of candidatesOf(usable)) {
      const taken = this.#take(lockName(host), (shares.get(host) ?? 0) + slot);
      if (taken !== undefined) return { host, ...taken };
    }
    return undefined;
  }

  /** Gives what is there at once, when nobody who came before waits for the same; else in turn. */
  #wait<T>(look: () => T | undefined, alike: unknown, interrupted: AbortSignal): Promise<T> {
    if (interrupted.aborted) return Promise.reject(new Interrupted());
    const queued = [...this.#waiting].some((request) => request.alike === alike);
    const now = queued ? undefined : look();
    if (now !== undefined) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(request);
        reject(new Interrupted());
      };
      const request: Request = {
        alike,
        look: () => {
          const found = look();
          if (found === undefined) return undefined;
          const grant = (): void => {
            interrupted.removeEventListener('abort', leave);
            resolve(found);
          };
          return { grant };
        },
      };
      interrupted.addEventListener('abort', leave, { once: true });
      this.#waiting.add(request);
    });
  }

  #handOut(): void {
    const hopeless = new Set<unknown>();
    for (const request of this.#waiting) {
      if (hopeless.has(request.alike)) continue;
      const found = request.look();
      if (found === undefined) hopeless.add(request.alike);
      else {
        this.#waiting.delete(request);
        found.grant();
      }
    }
  }
}
