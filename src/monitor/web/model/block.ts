import type { JobPhase } from '../../../agent-state/events.ts';

/** A phase of a job and when it began, in ms since 1970. */
export interface PhaseStart {
  readonly phase: JobPhase;
  readonly at: number;
}

/**
 * How a job's time on a lane ended, other than by being done or failed: it went on elsewhere, as after the scan for
 * includes and after a failed attempt; it was interrupted; or its agent ended before it.
 */
export type Departure = 'went on' | 'interrupted' | 'not known';

/** A job, or one attempt of it at a host, on a lane of a row. */
export interface Block {
  readonly key: string;
  readonly file: string;
  readonly directory: string;
  readonly pid: number | undefined;
  /** When it came to this lane. */
  began: number;
  /** Undefined while it is at work. */
  ended: number | undefined;
  /** In order; the first one began with the block or before. */
  phases: PhaseStart[];
  readonly lane: number;
  failed: boolean;
  left: Departure | undefined;
  /** Why it failed, or is here and not at a host. */
  why: string | undefined;
  /** Whether the host had kept the result. */
  kept: boolean;
}

/** A part of a block with one colour. */
export interface Segment {
  readonly phase: JobPhase;
  readonly from: number;
  readonly to: number;
}

/** The parts of a block up to `now`. */
export function segmentsOf({ began, ended, phases }: Block, now: number): Segment[] {
  const end = ended ?? now;
  return phases.flatMap(({ phase, at }, index) => {
    const from = Math.max(at, began);
    const to = Math.min(phases[index + 1]?.at ?? end, end);
    return to > from ? [{ phase, from, to }] : [];
  });
}

/** The phase that a block is in, or ended in. */
export function phaseOf({ phases }: Block): JobPhase {
  return phases.at(-1)?.phase ?? 'queue';
}
