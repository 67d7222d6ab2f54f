import type { Candidate } from './slot-order.ts';

/** The first free slot of an entry of the host list. */
export interface FreeSlot extends Candidate {
  /** In how many ms a job would be done there; undefined when that is not known. */
  readonly expected: number | undefined;
}

/** A host runs slow when a job would take this many times as long there as on another one that has a free slot. */
const slowFactor = 3;
/** The order of the list decides between hosts of one level unless one takes this many times as long as another. */
const tieFactor = 1.5;

/** The shortest known time; when no time is known, nothing that is known compares well with what may be good. */
function shortest(slots: readonly FreeSlot[]): number {
  let best = Infinity;
  for (const { expected = Infinity } of slots) best = Math.min(best, expected);
  return best === Infinity && slots.some(({ expected }) => expected === undefined) ? 0 : best;
}

function within(slots: readonly FreeSlot[], factor: number): FreeSlot[] {
  const most = shortest(slots) * factor;
  return slots.filter(({ expected }) => expected === undefined || expected <= most);
}

/**
 * The slot for the next job, of the first free slots of all hosts in the user's order: hosts that run slow are passed
 * over; every host's first slot comes before any host's second; among equal slots a host that is clearly faster comes
 * first, else the list's order holds. A host whose times are not known counts as good, so that it becomes known.
 */
export function chooseSlot(free: readonly FreeSlot[]): FreeSlot | undefined {
  const good = within(free, slowFactor);
  const level = good.reduce((least, { slot }) => Math.min(least, slot), Infinity);
  const [best] = within(
    good.filter(({ slot }) => slot === level),
    tieFactor,
  );
  return best;
}

/** Whether a host is passed over because it runs slow. */
export function runsSlow(slot: FreeSlot, free: readonly FreeSlot[]): boolean {
  return !within(free, slowFactor).includes(slot);
}
