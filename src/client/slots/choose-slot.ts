import type { Host } from '../hosts/host.ts';
import type { Candidate } from './slot-order.ts';

/** The first free slot of an entry of the host list. */
export interface FreeSlot extends Candidate {
  /** The expected time of a job there, in ms; undefined when not known. */
  readonly expected: number | undefined;
}

/** A host counts as slow when a job takes this many times as long there as on another host with a free slot. */
const slowFactor = 3;
/** Among equal slots the order of the list decides, unless one host takes this many times as long as another. */
const tieFactor = 1.5;

/**
 * The shortest expected time. 0 when no host has a known one: then hosts that have just refused a job (Infinity) are
 * passed over for those that nothing is known of.
 */
function shortest(slots: readonly FreeSlot[]): number {
  let best = Infinity;
  for (const { expected = Infinity } of slots) best = Math.min(best, expected);
  return best === Infinity && slots.some(({ expected }) => expected === undefined) ? 0 : best;
}

function within(slots: readonly FreeSlot[], factor: number): FreeSlot[] {
  const most = shortest(slots) * factor;
  return slots.filter(({ expected }) => expected === undefined || expected <= most);
}

/** Which of some hosts a job would rather go to; undefined for none. */
export type Preference = (hosts: readonly Host[]) => Host | undefined;

/**
 * Chooses the slot for the next job from the first free slot of each host, in the user's order. Slow hosts are passed
 * over; every host's first slot is used before any host's second; among equal slots a clearly faster host is preferred,
 * otherwise the list's order decides. A host without known times counts as good, so that it is tried. The host that the
 * job prefers wins when it is about as fast, and has at most one job more.
 */
export function chooseSlot(free: readonly FreeSlot[], prefers?: Preference): FreeSlot | undefined {
  const good = within(free, slowFactor);
  const level = good.reduce((least, { slot }) => Math.min(least, slot), Infinity);
  const [best] = within(
    good.filter(({ slot }) => slot === level),
    tieFactor,
  );
  if (best === undefined || prefers === undefined) return best;
  const alike = within(good, tieFactor).filter(({ slot }) => slot <= best.slot + 1);
  if (alike.length === 1) return best;
  const preferred = prefers(alike.map(({ host }) => host));
  return alike.find(({ host }) => host === preferred) ?? best;
}

/** Whether a host is passed over because it is slow. */
export function runsSlow(slot: FreeSlot, free: readonly FreeSlot[]): boolean {
  return !within(free, slowFactor).includes(slot);
}
