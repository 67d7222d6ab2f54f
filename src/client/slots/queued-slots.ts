import { CompilerFaults } from './compiler-faults.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import { lockName } from '../hosts/host.ts';
import type { Host } from '../hosts/host.ts';
import { usableHosts } from './slot-order.ts';
import type { LocalWork, Slots, HostSlot, Slot } from './slots.ts';
import { chooseSlot } from './choose-slot.ts';
import type { FreeSlot, Preference } from './choose-slot.ts';
import { JobTimes, timeAmong } from './job-times.ts';
import type { LocalMemory } from './local-memory.ts';
import { TakenSlots } from './taken-slots.ts';
import { WaitingLine } from './waiting-line.ts';
import type { Found } from './waiting-line.ts';

/** How often, in ms, jobs that wait for memory are looked at again while no local job ends. */
const memoryPeriod = 1000;

/** Why a host gets no jobs for a while. */
export interface Rest {
  readonly why: string;
  /** In ms, by the clock that was given to the constructor. */
  readonly until: number;
}

/** The state of all slots at one moment. */
export interface SlotsReport {
  readonly busy: ReadonlyMap<string, number>;
  readonly resting: ReadonlyMap<string, Rest>;
  /** The expected ms of a job on each host, where known. */
  readonly expected: ReadonlyMap<string, number>;
  /** What each waiting job waits for, by its launcher's process id. */
  readonly waiting: ReadonlyMap<number, string>;
}

/** A job that asks for slots. */
export interface Asker {
  readonly interrupted: AbortSignal;
  /** How many seconds a host that failed rests; 0 for not at all. */
  readonly restSeconds: number;
  /** The process id of its launcher, which may become a compiler. */
  readonly pid: number;
}

/** The part of `LocalMemory` that matters here. */
type Memory = Pick<LocalMemory, 'begin' | 'obstacle'>;

/**
 * Jobs of the host "localhost" and jobs that cannot be distributed share the slots of this machine
 * (doc/distcc-behaviour.md, "Slots and lock files").
 */
const slotName = (work: LocalWork): string => (work === 'compile' ? 'localhost' : 'preprocessors');

/**
 * The number of each entry's first slot. Entries of one host follow each other, so that a host that is listed twice has
 * the slots of both.
 */
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

/** Jobs with the same kind can use the same hosts. */
function kindOf({ key }: JobHosts, failed: ReadonlySet<Host>): string {
  return failed.size === 0 ? key : `${key} without ${[...failed].map(({ definition }) => definition).join(' ')}`;
}

/**
 * The slots of all jobs of an agent. Jobs are served in the order they came; a free slot goes at once to the first job
 * that can use it.
 */
export class QueuedSlots {
  readonly #now: () => number;
  readonly #memory: Memory | undefined;
  readonly #busy = new Map<string, TakenSlots>();
  readonly #resting = new Map<string, Rest>();
  readonly #line = new WaitingLine();
  readonly #times: JobTimes;
  readonly #compilers: CompilerFaults;
  readonly #shares = new WeakMap<readonly Host[], Map<Host, number>>();
  #timer: NodeJS.Timeout | undefined;

  /** `now` is a clock that only goes forward, in ms; without `memory` no job waits for memory. */
  constructor(now: () => number, memory?: Memory) {
    this.#now = now;
    this.#memory = memory;
    this.#times = new JobTimes(now);
    this.#compilers = new CompilerFaults(now);
  }

  /** The slots as one job sees them. */
  slotsFor(asker: Asker): Slots {
    return {
      takeHost: (hosts, failed, prefers) => {
        const why = (): string => this.#whyNoHost(hosts.list.hosts, asker);
        const begin = (): (() => void) => hosts.watch(() => this.#line.serve());
        const look = (): Found<HostSlot | undefined> | undefined =>
          this.#lookForHost(hosts.list.hosts, failed, { ...asker, prefers });
        return this.#line.wait(look, { ...asker, alike: kindOf(hosts, failed), why, begin });
      },
      takeLocal: (count, work) => {
        const why = (): string => this.#whyNotHere(count, work, asker);
        const alike = `${work} ${count}`;
        return this.#line.wait(() => this.#lookHere(count, work, asker), { ...asker, alike, why });
      },
      rest: (host, why) => {
        if (asker.restSeconds === 0) return true;
        const isNews = this.#restOf(lockName(host))?.why !== why;
        this.#resting.set(lockName(host), { why, until: this.#now() + asker.restSeconds * 1000 });
        // A job that waits only for this host has to learn that none is left.
        this.#line.serve();
        return isNews;
      },
      whyResting: (host) => this.#restOf(lockName(host))?.why,
      praise: (host, seconds, compiler) => {
        if (compiler !== undefined) this.#compilers.works(lockName(host), compiler);
        this.#resting.delete(lockName(host));
        this.#times.end(lockName(host), seconds * 1000);
      },
      refused: (host) => this.#times.refuse(lockName(host)),
      lacks: (host, compiler, why) => {
        this.#compilers.lacks(lockName(host), compiler, { why, seconds: asker.restSeconds });
      },
      differs: (host, compiler) => this.#compilers.differs(lockName(host), compiler, asker.restSeconds),
      unfit: (host, compiler) => this.#compilers.why(lockName(host), compiler),
    };
  }

  /** The state for a status report. */
  report(): SlotsReport {
    for (const name of this.#resting.keys()) this.#restOf(name);
    const busy = [...this.#busy]
      .filter(([, { count }]) => count > 0)
      .map(([name, { count }]) => [name, count] as const);
    const expected = [...this.#busy.keys()].flatMap((name) => {
      const milliseconds = this.#times.expected(name);
      return milliseconds === undefined ? [] : [[name, milliseconds] as const];
    });
    const waiting = [...this.#line.requests()].map((request) => [request.pid, request.why()] as const);
    return {
      busy: new Map(busy),
      resting: this.#resting,
      expected: new Map(expected),
      waiting: new Map(waiting),
    };
  }

  #restOf(name: string): Rest | undefined {
    const rest = this.#resting.get(name);
    if (rest === undefined || rest.until > this.#now()) return rest;
    this.#resting.delete(name);
    return undefined;
  }

  #taken(name: string): TakenSlots {
    const taken = this.#busy.get(name) ?? new TakenSlots();
    this.#busy.set(name, taken);
    return taken;
  }

  /** Takes a slot; `end` is called when it is given back. */
  #take(name: string, slot: number, end: () => void = () => {}): Slot {
    const taken = this.#taken(name);
    taken.take(slot);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      taken.release(slot);
      end();
      this.#line.serve();
    };
    // The slot lasts as long as the job's connection, which stays open when the launcher becomes the compiler.
    return { slot, release };
  }

  #lookHere(count: number, work: LocalWork, { pid }: Asker): Found<Slot> | undefined {
    const slot = this.#taken(slotName(work)).firstFree(0, count);
    if (slot === undefined) return undefined;
    if (work === 'preprocess') return { value: this.#take(slotName(work), slot) };
    if (this.#lacksMemory(pid)) return undefined;
    return { value: this.#take(slotName(work), slot, this.#memory?.begin(pid)) };
  }

  /** True while jobs of this machine must wait for memory; schedules another look in 1 s. */
  #lacksMemory(pid: number): boolean {
    if (this.#memory?.obstacle(pid) === undefined) return false;
    if (this.#timer !== undefined) return true;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#line.serve();
    }, memoryPeriod).unref();
    return true;
  }

  #shareOf(host: Host, hosts: readonly Host[]): number {
    const shares = this.#shares.get(hosts) ?? sharesOf(hosts);
    this.#shares.set(hosts, shares);
    return shares.get(host) ?? 0;
  }

  #freeSlots(usable: readonly Host[], hosts: readonly Host[]): FreeSlot[] {
    return usable.flatMap((host) => {
      const name = lockName(host);
      const taken = this.#taken(name);
      const first = this.#shareOf(host, hosts);
      const slot = taken.firstFree(first, first + host.slots);
      if (slot === undefined) return [];
      const alone = host.kind === 'local' ? undefined : this.#times.expected(name);
      const expected = alone === undefined ? undefined : timeAmong(alone, taken.count, host.slots);
      return [{ host, slot: slot - first, expected }];
    });
  }

  /** Undefined while the job must wait; a value without a slot when no host is left to wait for. */
  #lookForHost(
    hosts: readonly Host[],
    failed: ReadonlySet<Host>,
    { pid, prefers }: Asker & { readonly prefers?: Preference | undefined },
  ): Found<HostSlot | undefined> | undefined {
    const usable = usableHosts(hosts, { failed, rests: (host) => this.#restOf(lockName(host)) !== undefined });
    if (usable.length === 0) return { value: undefined };
    const free = this.#freeSlots(usable, hosts);
    let chosen = chooseSlot(free, prefers);
    if (chosen?.host.kind === 'local' && this.#lacksMemory(pid)) {
      chosen = chooseSlot(
        free.filter(({ host }) => host.kind !== 'local'),
        prefers,
      );
    }
    if (chosen === undefined) return undefined;
    const { host, slot } = chosen;
    const end = host.kind === 'local' ? this.#memory?.begin(pid) : undefined;
    if (host.kind !== 'local') this.#times.begin(lockName(host));
    return { value: { host, ...this.#take(lockName(host), this.#shareOf(host, hosts) + slot, end) } };
  }

  #whyNotHere(count: number, work: LocalWork, { pid }: Asker): string {
    const full = this.#taken(slotName(work)).firstFree(0, count) === undefined;
    if (!full) return (work === 'preprocess' ? undefined : this.#memory?.obstacle(pid)) ?? 'its turn';
    return `one of the ${count} slots of this machine for ${work === 'compile' ? 'compilers' : 'preprocessors'}`;
  }

  #whyNoHost(hosts: readonly Host[], { pid }: Asker): string {
    const here = hosts.find(({ kind }) => kind === 'local');
    const roomHere = here !== undefined && this.#freeSlots([here], hosts).length > 0;
    const memory = roomHere ? this.#memory?.obstacle(pid) : undefined;
    return memory === undefined ? 'a free slot on a host' : `a free slot on a host, or ${memory}`;
  }
}
