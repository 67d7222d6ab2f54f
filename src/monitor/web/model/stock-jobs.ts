import type { JobPhase } from '../../../agent-state/events.ts';
import type { PhaseStart } from './block.ts';
import type { StockJob } from './feed.ts';

/** How state files name phases, and how agents do. */
const phases: Readonly<Record<string, JobPhase>> = {
  Startup: 'queue',
  Blocked: 'queue',
  Preprocess: 'preprocess',
  Connect: 'connect',
  Send: 'send',
  Compile: 'compile',
  Receive: 'receive',
};

/** A job of a client without an agent, as it was seen so far. */
export interface SeenJob {
  readonly pid: number;
  file: string;
  /** undefined on this machine. */
  host: string | undefined;
  slot: number;
  phase: JobPhase;
  since: number;
  /** The phases at its present place. */
  phases: PhaseStart[];
}

const isHere = (host: string): boolean => host === '' || host === 'localhost';

/** What a look at the state files has shown to be new or changed, and which jobs have ended. */
export interface StockChanges {
  readonly changed: readonly SeenJob[];
  readonly ended: readonly SeenJob[];
}

/** Makes a history of what state files show from time to time. */
export class StockJobs {
  readonly #jobs = new Map<number, SeenJob>();

  /** Takes a look at a time; `isAgents` tells the jobs of agents, which describe them better. */
  look(jobs: readonly StockJob[], at: number, isAgents: (pid: number) => boolean): StockChanges {
    const shown = new Map(jobs.filter(({ pid }) => !isAgents(pid)).map((job) => [job.pid, job]));
    const ended = [...this.#jobs.values()].filter(({ pid }) => !shown.has(pid));
    for (const { pid } of ended) this.#jobs.delete(pid);
    const changed = [...shown.values()].flatMap((job) => this.#see(job, at) ?? []);
    return { changed, ended };
  }

  /** Forgets a job that an agent has turned out to describe. */
  forget(pid: number): void {
    this.#jobs.delete(pid);
  }

  #see({ pid, file, host, slot, phase: name }: StockJob, at: number): SeenJob | undefined {
    const place = isHere(host) ? undefined : host;
    const seen = phases[name] ?? 'compile';
    const phase = place === undefined && seen === 'compile' ? 'local' : seen;
    const known = this.#jobs.get(pid);
    if (known === undefined) {
      const job = { pid, file, host: place, slot, phase, since: at, phases: [{ phase, at }] };
      this.#jobs.set(pid, job);
      return job;
    }
    const moved = known.host !== place || known.slot !== slot;
    if (!moved && known.phase === phase && (known.file === file || file === '')) return undefined;
    if (file !== '') known.file = file;
    if (moved) known.phases = [];
    if (moved || known.phase !== phase) known.phases.push({ phase, at });
    Object.assign(known, { host: place, slot, phase, since: at });
    return known;
  }
}
