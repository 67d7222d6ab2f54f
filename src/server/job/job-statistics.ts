import type { JobClass, JobEnd } from './job-end.ts';

const slotMs = 3000;
const slots = 300;

interface Slot {
  /** The number of its 3-second interval since the epoch. */
  at: number;
  jobs: number;
  busyMs: number;
}

/** distcc's names of the counters for how connections ended, in its order. */
export const counterNames: Readonly<Record<JobClass, string>> = {
  REJ_BAD_REQ: 'dcc_rej_bad_req',
  REJ_OVERLOAD: 'dcc_rej_overload',
  COMPILE_OK: 'dcc_compile_ok',
  COMPILE_ERROR: 'dcc_compile_error',
  COMPILE_TIMEOUT: 'dcc_compile_timeout',
  CLI_DISCONN: 'dcc_cli_disconnect',
  OTHER: 'dcc_other',
};

/** All classes, in that order. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a table of classes
export const jobClasses = Object.keys(counterNames) as readonly JobClass[];

const finished = new Set<JobClass>(['COMPILE_OK', 'COMPILE_ERROR', 'COMPILE_TIMEOUT', 'CLI_DISCONN']);

/** Counts connections and jobs, since the start and over the last 15 minutes in intervals of 3 seconds. */
export class JobStatistics {
  #accepted = 0;
  readonly #counts = new Map<JobClass, number>();
  readonly #recent: Slot[] = Array.from({ length: slots }, () => ({ at: -1, jobs: 0, busyMs: 0 }));
  #longest: { readonly source: string; readonly compiler: string; readonly ms: number } | undefined;

  /** How many connections there were. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many connections ended in each class. */
  get counts(): Readonly<Record<JobClass, number>> {
    const count = (name: JobClass): number => this.#counts.get(name) ?? 0;
    return {
      COMPILE_OK: count('COMPILE_OK'),
      COMPILE_ERROR: count('COMPILE_ERROR'),
      COMPILE_TIMEOUT: count('COMPILE_TIMEOUT'),
      CLI_DISCONN: count('CLI_DISCONN'),
      REJ_BAD_REQ: count('REJ_BAD_REQ'),
      REJ_OVERLOAD: count('REJ_OVERLOAD'),
      OTHER: count('OTHER'),
    };
  }

  /** Counts a new connection. */
  accept(): void {
    this.#accepted += 1;
  }

  /** Counts the end of a connection that lasted this many ms; `now` is in ms. */
  end(end: JobEnd, milliseconds: number, now: number): void {
    this.#counts.set(end.class, (this.#counts.get(end.class) ?? 0) + 1);
    if (!finished.has(end.class)) return;
    const at = Math.floor(now / slotMs);
    const slot = this.#recent[at % slots];
    if (slot === undefined) return;
    if (slot.at !== at) Object.assign(slot, { at, jobs: 0, busyMs: 0 });
    slot.jobs += 1;
    slot.busyMs += milliseconds;
    if (end.class !== 'COMPILE_OK' || end.command === undefined || milliseconds <= (this.#longest?.ms ?? -1)) return;
    this.#longest = { ...end.command, ms: Math.round(milliseconds) };
  }

  #over(minutes: number, now: number): { jobs: number; busy: number } {
    const first = Math.floor(now / slotMs) - (minutes * 60_000) / slotMs;
    const within = this.#recent.filter(({ at }) => at > first);
    const sum = (value: (slot: Slot) => number): number => within.reduce((total, slot) => total + value(slot), 0);
    return { jobs: sum(({ jobs }) => jobs), busy: Math.round(sum(({ busyMs }) => busyMs) / (minutes * 60_000)) };
  }

  /**
   * Name and value of each counter, in distcc's order (doc/distcc-behaviour.md, "Statistics page"); `machine` has the
   * lines about the machine, which come between the two averages.
   */
  lines(jobs: number, machine: readonly string[], now: number): string[] {
    const recent = [1, 5, 15].map((minutes) => this.#over(minutes, now));
    return [
      `dcc_tcp_accept ${this.#accepted}`,
      ...jobClasses.map((name) => `${counterNames[name]} ${this.#counts.get(name) ?? 0}`),
      `dcc_longest_job ${this.#longest?.source ?? 'none'}`,
      `dcc_longest_job_compiler ${this.#longest?.compiler ?? 'none'}`,
      `dcc_longest_job_time_msecs ${this.#longest?.ms ?? -1}`,
      `dcc_max_kids ${jobs}`,
      ...recent.map(({ busy }, index) => `dcc_avg_kids${index + 1} ${busy}`),
      ...machine,
      ...recent.map((period, index) => `dcc_num_compiles${index + 1} ${period.jobs}`),
    ];
  }
}
