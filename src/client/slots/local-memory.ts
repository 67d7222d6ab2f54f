/** A job's memory is first looked at this many ms after its start. */
const firstLook = 100;
/**
 * Each pause between two looks is this many times as long as the pause before it: so at most the last third of a job is
 * missed.
 */
const longer = 1.5;
/** The longest pause between two looks, in ms. */
const longestPause = 1000;
/** A job counts as recent for this long, in ms. */
const recent = 5 * 60_000;

/** How much memory is left, and what limits it. */
export interface Room {
  readonly bytes: number;
  /** What limits it, in words after "memory". */
  readonly where: string;
}

/** Where figures about memory come from. */
export interface MemoryProbe {
  /** How much memory a process can still get. */
  available(this: void, pid: number): Room;
  /** The peak memory of a process and its descendants, in bytes; 0 when not known. */
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
 * The memory that compilers and linkers of this machine use, looked at now and then while they run. A new one should
 * find as much free memory as the largest recent one used. A job that ends before the first look is not counted.
 */
export class LocalMemory {
  readonly #probe: MemoryProbe;
  readonly #running = new Set<Job>();
  /** Peaks of jobs that have ended, latest last. An earlier, smaller peak is dropped. */
  #past: { readonly peak: number; readonly at: number }[] = [];

  constructor(probe: MemoryProbe) {
    this.#probe = probe;
  }

  /** Notes that a job begins; the returned function is to be called when it has ended. */
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
   * Why a local job should not begin now in that process, or undefined. One job is always allowed. Running jobs are
   * assumed to be under the same limits, as the jobs of one build are.
   */
  obstacle(pid: number): string | undefined {
    if (this.#running.size === 0) return undefined;
    const most = this.largest();
    if (most === 0) return undefined;
    // Jobs that have just begun will still grow.
    const { bytes, where } = this.#probe.available(pid);
    let free = bytes;
    for (const { peak } of this.#running) free -= most - peak;
    if (free >= most) return undefined;
    return `memory ${where}: a recent job used ${megabytes(most)}, and the running ones leave ${megabytes(Math.max(0, free))}`;
  }

  /** The peak of the largest recent job, in bytes; 0 when nothing is known. */
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
