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

/** An end with the place where the job was then: agents tell none of a job that was interrupted. */
export function withPlace(end: JobEnd): JobEnd {
  const { host, slot } = end.phases.at(-1) ?? {};
  if (end.interrupted !== true || host === undefined) return end;
  const before = end.phases.findLastIndex((one) => one.host !== host || one.slot !== slot);
  const phases = end.phases.map((one, at) => (at > before ? { phase: one.phase, at: one.at } : one));
  return { ...end, host, ...(slot === undefined ? {} : { slot }), phases };
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
