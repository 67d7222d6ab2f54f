import type { JobPhase, RunningJob } from '../../agent-state/events.ts';
import type { PhaseName } from '../../job-state/job-record.ts';
import type { ListedJob } from '../../job-state/state-folder.ts';

/** A job that is shown. */
export interface ShownJob {
  readonly pid: number;
  readonly file: string;
  readonly phase: JobPhase;
  /** Undefined for this machine, and while a job waits for a slot. */
  readonly host?: string;
  readonly slot?: number;
  /** ms since 1970. */
  readonly began: number;
  /** What it waits for; why it is local. */
  readonly why?: string;
}

/** What lists of hosts and state files call this machine. */
export const localName = 'localhost';

/** What an agent calls the phases that state files have (doc/distcc-behaviour.md, "Phases"). */
const phases: Readonly<Record<PhaseName, JobPhase>> = {
  Startup: 'queue',
  Blocked: 'queue',
  Connect: 'connect',
  Preprocess: 'preprocess',
  Send: 'send',
  Compile: 'compile',
  Receive: 'receive',
  Done: 'receive',
};

/**
 * A job of an agent, and what its state file says if there is one. Of a preprocessed source the launcher tells the agent
 * at the end when it had connected and sent; the state file has what the host is thought to do meanwhile.
 */
export function jobOfAgent(job: RunningJob, state: ListedJob | undefined): ShownJob {
  if (job.host === localName) {
    const { host: _, ...here } = job;
    return here;
  }
  const isFurther = job.phase === 'connect' && state?.phase === 'Compile' && state.host !== localName;
  return isFurther ? { ...job, phase: 'compile' } : job;
}

/** A job in a state file, which began at the latest when the file was first seen. */
export function jobOfState({ pid, file, host, slot, phase }: ListedJob, began: number): ShownJob {
  if (host !== localName) return { pid, file, phase: phases[phase], host, slot, began };
  return { pid, file, phase: phase === 'Compile' ? 'local' : phases[phase], slot, began };
}
