import type { AgentEvent, BuildSummary, HostPicture, MachinePicture, RunningJob } from '../../agent-state/events.ts';

/** How long a process is remembered whose job has ended, in ms: its state file may have been read before that. */
const remembered = 5000;

/** Why a host did not do a job. */
export interface HostFailure {
  readonly at: number;
  readonly host: string;
  readonly why: string;
}

/** What one agent has told so far. */
export class AgentPicture {
  hosts: readonly HostPicture[] = [];
  machine: MachinePicture | undefined;
  build: BuildSummary | undefined;
  lastFailure: HostFailure | undefined;
  readonly #jobs = new Map<number, RunningJob>();
  readonly #ended = new Map<number, number>();

  get jobs(): Iterable<RunningJob> {
    return this.#jobs.values();
  }

  hear(event: AgentEvent): void {
    switch (event.kind) {
      case 'picture':
        this.#jobs.clear();
        for (const job of event.jobs) this.#jobs.set(job.job, job);
        ({ hosts: this.hosts, machine: this.machine, build: this.build } = event);
        break;
      case 'job':
        this.#jobs.set(event.job.job, event.job);
        break;
      case 'end':
        this.#end(event.end.job, event.end.ended);
        break;
      case 'failure':
        this.lastFailure = event;
        break;
      case 'hosts':
        this.hosts = event.hosts;
        break;
      case 'machine':
        this.machine = event.machine;
        break;
      case 'build':
        this.build = event.build;
    }
  }

  /** When the last job of a process ended, in ms since 1970; undefined when it is not known. */
  endOf(pid: number): number | undefined {
    return this.#ended.get(pid);
  }

  #end(number: number, at: number): void {
    const job = this.#jobs.get(number);
    if (job === undefined) return;
    this.#jobs.delete(number);
    this.#ended.delete(job.pid);
    this.#ended.set(job.pid, at);
    for (const [pid, ended] of this.#ended) {
      if (ended > at - remembered) break;
      this.#ended.delete(pid);
    }
  }
}
