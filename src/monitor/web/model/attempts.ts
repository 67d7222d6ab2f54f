import type { JobEnd } from '../../../agent-state/events.ts';
import type { PhaseStart } from './block.ts';

/** An attempt at a host that failed, before the job went elsewhere. */
export interface Attempt {
  readonly host: string;
  readonly slot: number | undefined;
  readonly phases: readonly PhaseStart[];
  /** When it was over. */
  readonly until: number;
}

/** The phases of a job at the place where it ended: a phase with a host of its own is of an attempt before that. */
export function phasesAtEnd({ phases }: JobEnd): PhaseStart[] {
  return phases.filter(({ host }) => host === undefined).map(({ phase, at }) => ({ phase, at }));
}

/** The attempts that failed before a job's last one. */
export function attemptsBefore({ phases, ended }: JobEnd): Attempt[] {
  const attempts: { host: string; slot: number | undefined; phases: PhaseStart[]; until: number }[] = [];
  let open: (typeof attempts)[number] | undefined;
  for (const { phase, at, host, slot } of phases) {
    if (open !== undefined && (host !== open.host || slot !== open.slot)) {
      open.until = at;
      open = undefined;
    }
    if (host === undefined) continue;
    if (open === undefined) attempts.push((open = { host, slot, phases: [], until: ended }));
    open.phases.push({ phase, at });
  }
  return attempts;
}
