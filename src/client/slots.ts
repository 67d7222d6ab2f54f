import type { FileLock } from '../system/file-lock.ts';
import { systemReason } from '../system/error-text.ts';
import { CannotDistribute, unlessInterrupted } from './faults.ts';
import type { DistantHost, Host } from './host.ts';
import { candidatesOf, pauseBefore, usableHosts } from './schedule.ts';
import type { Candidate, Knowledge } from './schedule.ts';
import type { World } from './world.ts';

/** A place that is ours until the lock is released. */
export interface TakenSlot {
  readonly slot: number;
  readonly lock: FileLock;
}

/** A place on a host. */
export interface TakenHost extends Candidate {
  readonly lock: FileLock;
}

function lockFault(error: unknown): string {
  const path = error instanceof Error && 'path' in error ? ` "${String(error.path)}"` : '';
  return `failed to lock${path}: ${systemReason(error)}`;
}

/** Asks again and again until there is an answer. */
async function poll<T>(ask: () => T | undefined, wished: number | undefined, world: World): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await unlessInterrupted(world.pause(pauseBefore(attempt, wished)), world.interrupted);
  }
}

/** Waits for one of the first `count` places of this machine; undefined when places cannot be kept: the job runs without one. */
export function takeLocalSlot(count: number, world: World): Promise<TakenSlot | undefined> {
  return poll<TakenSlot | { slot: undefined }>(
    () => {
      try {
        return world.locks.takeLocal(count);
      } catch (error) {
        world.log.error(`${lockFault(error)}: running without a slot`);
        return { slot: undefined };
      }
    },
    world.pauseWished,
    world,
  ).then((taken) => (taken.slot === undefined ? undefined : taken));
}

/** A free place, or that there is no host to wait for, or nothing yet. */
function lookForPlace(hosts: readonly Host[], knowledge: Knowledge, world: World): TakenHost | 'none' | undefined {
  // Asked each time: another client may find out that a host is gone while we wait for it.
  const usable = usableHosts(hosts, knowledge);
  if (usable.length === 0) return 'none';
  for (const candidate of candidatesOf(usable)) {
    const lock = world.locks.take(candidate);
    if (lock !== undefined) return { ...candidate, lock };
  }
  return undefined;
}

/** Waits for a place on a host that may be used; undefined when no host may be. Throws CannotDistribute. */
export async function takeHost(
  hosts: readonly Host[],
  knowledge: Knowledge,
  world: World,
): Promise<TakenHost | undefined> {
  const found = await poll<TakenHost | 'none'>(
    () => {
      try {
        return lookForPlace(hosts, knowledge, world);
      } catch (error) {
        throw new CannotDistribute(lockFault(error), { cause: error });
      }
    },
    world.pauseWished,
    world,
  );
  return found === 'none' ? undefined : found;
}

/** Notes for all clients that a host failed. */
export function letRest(host: DistantHost, world: World): void {
  try {
    world.locks.rest(host);
  } catch (error) {
    world.log.warning(`cannot note that "${host.definition}" failed: ${systemReason(error)}: others will try it too`);
  }
}

/** Notes for all clients that a host works. */
export function praise(host: DistantHost, world: World): void {
  try {
    world.locks.praise(host);
  } catch (error) {
    world.log.debug(`cannot note that "${host.definition}" works: ${systemReason(error)}`);
  }
}
