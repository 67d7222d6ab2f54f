import type { HowSent } from './inputs-effects.ts';
import type { JobPhase } from '../../agent-state/events.ts';
import type { Reason } from '../../compiler/verdict.ts';
import type { Mark } from '../../wire/agent/carry.ts';
import type { DistantHost, Host } from '../hosts/host.ts';

/** What a job reports to those who watch the agent, and to its count of builds. */
export interface Progress {
  /** Whether somebody watches now, who wants to know each phase when it begins. */
  readonly isFollowed: boolean;
  /** The source's name as the command has it. */
  concerns(file: string): void;
  /** The hosts that it may go to. */
  lists(hosts: readonly Host[]): void;
  /** A phase begins. A job in the queue waits for a host's slot, or for one of this machine ("here"). */
  begin(phase: JobPhase, where?: 'here'): void;
  /** It has a slot of a host. */
  goesTo(host: DistantHost, slot: number): void;
  /** A mark on the way to the host was reached that many ms ago; Infinity for never. */
  reached(mark: Mark, ago: number): void;
  /** Bytes have gone to the host, and come from it. */
  moved(bytesOut: number, bytesIn: number): void;
  /** The host has done it. */
  sent(how: HowSent): void;
  /** It was preprocessed here for a host that takes unpreprocessed sources. */
  preprocessedBecause(why: string): void;
  /** The host has not done it; the sentence is about the host, without its name. */
  failed(host: DistantHost, why: string): void;
  /** It is compiled on this machine. */
  staysHere(reason: Reason): void;
}

const nothing = (): void => {};

/** For a job that nobody can watch. */
export const unwatched: Progress = {
  isFollowed: false,
  concerns: nothing,
  lists: nothing,
  begin: nothing,
  goesTo: nothing,
  reached: nothing,
  moved: nothing,
  sent: nothing,
  preprocessedBecause: nothing,
  failed: nothing,
  staysHere: nothing,
};
