import type { Logger } from '../../logging/log-line.ts';
import { systemReason } from '../../system/error-text.ts';
import { CannotDistribute, unlessInterrupted } from '../job/faults.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import type { DistantHost, Host } from '../hosts/host.ts';
import type { LockFolder } from './lock-folder.ts';
import type { Preference } from './choose-slot.ts';
import { candidatesOf, pauseBefore, usableHosts } from './slot-order.ts';
import type { Candidate } from './slot-order.ts';

/** A slot that a job holds until it releases it. */
export interface Slot {
  /** The number of the slot at its host, from 0. */
  readonly slot: number;
  readonly release: () => void;
}

/** A slot on a host. */
export interface HostSlot extends Slot, Candidate {}

/** What a slot of this machine is for. */
export type LocalWork = 'compile' | 'preprocess';

/** The slots that all clients of a user share, and what they know about the hosts. */
export interface Slots {
  /**
   * Waits for a slot on a host that has not failed this job and does not rest; undefined when no such host is left.
   * Among hosts that are alike, the preferred one is taken.
   * @throws CannotDistribute, Interrupted
   */
  takeHost(hosts: JobHosts, failed: ReadonlySet<Host>, prefers?: Preference): Promise<HostSlot | undefined>;
  /**
   * Waits for one of the first `count` slots of this machine; undefined when slots cannot be locked: then the job runs
   * without one.
   */
  takeLocal(count: number, work: LocalWork): Promise<Slot | undefined>;
  /** Notes for all clients that a host failed, and why. Returns whether that is news: it did not rest for that. */
  rest(host: DistantHost, why: string): boolean;
  /** Why a host rests; undefined when it does not, or when that is not known. */
  whyResting(host: DistantHost): string | undefined;
  /** Notes for all clients that a host works: how long it took for a job, and which compiler ran. */
  praise(host: DistantHost, seconds: number, compiler?: string): void;
  /** Notes that a host works but refused a job. */
  refused(host: DistantHost): void;
  /** Notes that a host cannot do the jobs of a compiler: for a while it gets only other jobs. */
  lacks(host: DistantHost, compiler: string, why: string): void;
  /**
   * Notes that a job failed there and not here; returns whether the host now gets no jobs of this compiler for a while.
   */
  differs(host: DistantHost, compiler: string): boolean;
  /** Why a host gets no jobs of a compiler at the moment; undefined when it does. */
  unfit(host: DistantHost, compiler: string): string | undefined;
}

/** How clients that share only a folder wait for slots. */
export interface Polling {
  readonly locks: LockFolder;
  readonly log: Logger;
  readonly interrupted: AbortSignal;
  pause(this: void, milliseconds: number): Promise<void>;
  /** The user's own pause between two looks for a free slot, in ms. */
  readonly pauseWished: number | undefined;
}

function lockFault(error: unknown): string {
  const path = error instanceof Error && 'path' in error ? ` "${String(error.path)}"` : '';
  return `failed to lock${path}: ${systemReason(error)}; set DISTCC_DIR to a directory that you may write`;
}

/** Asks again and again until there is an answer. */
async function poll<T>(ask: () => T | undefined, { pause, pauseWished, interrupted }: Polling): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await unlessInterrupted(pause(pauseBefore(attempt, pauseWished)), interrupted);
  }
}

/** A free slot; or the answer that no host is left to wait for; or nothing yet. */
function lookForSlot(
  hosts: readonly Host[],
  failed: ReadonlySet<Host>,
  locks: LockFolder,
): HostSlot | 'none' | undefined {
  // Looked at each time: another client may mark a host as failed while this one waits for it.
  const usable = usableHosts(hosts, { failed, rests: (host) => locks.rests(host) });
  if (usable.length === 0) return 'none';
  for (const candidate of candidatesOf(usable)) {
    const lock = locks.take(candidate);
    if (lock !== undefined) return { ...candidate, release: lock.release };
  }
  return undefined;
}

/** Slots as lock files in a folder, which clients without a common agent share. */
export function polledSlots(polling: Polling): Slots {
  const { locks, log } = polling;
  return {
    async takeHost(hosts, failed) {
      // Nothing to do on a change: the next look uses the new list.
      const unwatch = hosts.watch(() => {});
      try {
        const found = await poll<HostSlot | 'none'>(() => {
          try {
            return lookForSlot(hosts.list.hosts, failed, locks);
          } catch (error) {
            throw new CannotDistribute(lockFault(error), { cause: error });
          }
        }, polling);
        return found === 'none' ? undefined : found;
      } finally {
        unwatch();
      }
    },
    async takeLocal(count) {
      const taken = await poll<Slot | { slot: undefined }>(() => {
        try {
          return locks.takeLocal(count);
        } catch (error) {
          log.error(`${lockFault(error)}: running without a slot`);
          return { slot: undefined };
        }
      }, polling);
      return taken.slot === undefined ? undefined : taken;
    },
    rest(host) {
      try {
        const rested = locks.rests(host);
        locks.rest(host);
        return !rested;
      } catch (error) {
        log.warning(`cannot note that "${host.definition}" failed: ${systemReason(error)}: others will try it too`);
        return true;
      }
    },
    // Nor why.
    whyResting: (host) => (locks.rests(host) ? 'it failed' : undefined),
    praise(host) {
      try {
        locks.praise(host);
      } catch (error) {
        log.debug(`cannot note that "${host.definition}" works: ${systemReason(error)}`);
      }
    },
    // The lock folder cannot store this.
    refused() {},
    lacks() {},
    differs: () => false,
    unfit: () => undefined,
  };
}
