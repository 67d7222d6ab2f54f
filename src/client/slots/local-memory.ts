/** The first look at a job's memory comes this long after its start, in ms. */
const firstLook = 100;
/**
 * Each pause between looks is this many times as long as the one before: what is missed at a job's end is a third of
 * its time at most.
 */
const longer = 1.5;
/** The longest time between two looks, in ms. */
const longestPause = 1000;
/** A job counts as recent for this long, in ms. */
const recent = 5 * 60_000;

/** How much memory there is, and what sets the bounds. */
export interface Room {
  readonly bytes: number;
  /** In words, after "memory". */
  readonly where: string;
}

/** What memory is asked of. */
export interface MemoryProbe {
  /** What a process can still have. */
  available(this: void, pid: number): Room;
  /** Bytes that a process and its descendants have had at most, 0 when that is not known. */
  peakOfTree(this: void, pid: number): number;
  /** A clock that only goes forward, in ms. */
  now(this: void): number;
}

interface Job {
  readonly pid: number;
  peak: number;
  timer: NodeJS.Timeout | undefined;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/**
 * What compilers and linkers of this machine use, looked at now and then while they run: one that starts should find as
 * much memory as the largest recent one used. A job that is over before the first look counts for nothing.
 */
export class LocalMemory {
  readonly #probe: MemoryProbe;
  readonly #running = new Set<Job>();
  /** Peaks of jobs that have ended, latest last; a later one that is larger makes an earlier one needless. */
  #past: { readonly peak: number; readonly at: number }[] = [];

  constructor(probe: MemoryProbe) {
    this.#probe = probe;
  }

  /** A job begins; the function that comes back is called when it has ended. */
  begin(pid: number): () => void {
    const job: Job = { pid, peak: 0, timer: undefined };
    this.#running.add(job);
    this.#lookLater(job, firstLook);
    return () => {
      clearTimeout(job.timer);
      this.#running.delete(job);
      if (job.peak === 0) return;
      this.#past = [...this.#past.filter(({ peak }) => peak > job.peak), { peak: job.peak, at: this.#probe.now() }];
    };
  }

  /**
   * Why a job of this machine should not begin now in that process, or undefined. One job always may. Those that run
   * are taken to be under the same limits, as the jobs of one build are.
   */
  obstacle(pid: number): string | undefined {
    if (this.#running.size === 0) return undefined;
    const most = this.largest();
    if (most === 0) return undefined;
    // Those that have just begun have not yet taken what they will.
    const { bytes, where } = this.#probe.available(pid);
    let free = bytes;
    for (const { peak } of this.#running) free -= most - peak;
    if (free >= most) return undefined;
    return `memory ${where}: a recent job used ${megabytes(most)}, and the running ones leave ${megabytes(Math.max(0, free))}`;
  }

  /** How many bytes the largest recent job has used, 0 when nothing is known. */
  largest(): number {
    while (this.#probe.now() - (this.#past[0]?.at ?? Infinity) > recent) this.#past.shift();
    let most = this.#past[0]?.peak ?? 0;
    for (const { peak } of this.#running) most = Math.max(most, peak);
    return most;
  }

  #lookLater(job: Job, pause: number): void {
    job.timer = setTimeout(() => {
      job.peak = Math.max(job.peak, this.#probe.peakOfTree(job.pid));
      this.#lookLater(job, Math.min(pause * longer, longestPause));
    }, pause).unref();
  }
}
