import type { Found } from '../headers/inputs.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { HeldOutput, HostResponse } from './host-answer.ts';

/** A compile that a host does from its inputs. */
export interface InputsRequest {
  readonly found: Extract<Found, { kind: 'inputs' }>;
  /** The user's command, by the name of the compiler that means the same on every machine. */
  readonly argv: readonly string[];
  readonly directory: string;
  /** NAME=value of what the compiler there gets. */
  readonly environment: readonly string[];
  /** What tells the host's compiler from the one here, by what it has said so far; undefined when nothing does. */
  readonly difference: () => string | undefined;
}

/** What a host has made of inputs. */
export interface InputsResponse extends HostResponse {
  /** The dependency file; empty when the command asks for none. */
  readonly dependencies: HeldOutput;
  /** How many bytes went to the host. */
  readonly sent: number;
  /** Whether the host had this result from another job. */
  readonly kept: boolean;
}

/** How a host got a job: its source, also when it had the result already, or a text that was preprocessed here. */
export type HowSent = 'unpreprocessed' | 'result' | 'preprocessed';

/** What a compile left. */
export interface Made {
  /** A raw Unix wait status. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Empty when there is none. */
  readonly object: Buffer;
  readonly dependencies: Buffer;
}

/** The effects of compiles from inputs. */
export interface InputsEffects {
  /** Whether a host compiles from inputs, as far as it has told. */
  areTakenBy(host: DistantHost): boolean;
  /** Whether a host may take inputs, and has not told yet because it has not been asked. */
  mayBeAsked(host: DistantHost): boolean;
  /**
   * Asks such a host with `ask`, or waits for another job that does: undefined when there is nothing to wait for. What
   * makes the host useless for every job is thrown to all that wait.
   */
  askOnce(host: DistantHost, ask: () => Promise<void>): Promise<void> | undefined;
  /** Notes that a host has got an ordinary job; to be called again when that has ended. */
  meet(host: DistantHost): () => void;
  /** Whether it has one just now. */
  isMet(host: DistantHost): boolean;
  /** Another job's question to a host, which may end in an error; undefined when there is none. */
  asking(host: DistantHost): Promise<void> | undefined;
  /** Whether a host keeps results of compiles from inputs, as far as it has told. */
  resultsAreKeptBy(host: DistantHost): boolean;
  /** Why the compiler here has to write the outputs of a job; undefined when they can be written. */
  obstacle(job: RemoteJob): Promise<string | undefined>;
  /** What a job with the same command could read: so it is as long as its premise holds. Undefined when none tells. */
  recall(job: RemoteJob): Found | undefined;
  /** Finds what a job may read. */
  find(job: RemoteJob): Promise<Found>;
  /** Counts a job that a host has done. */
  countSent(how: HowSent): void;
  /** Counts why a source was preprocessed here for a host that takes unpreprocessed ones. */
  countReason(because: string): void;
  /** No host compiles this job from its inputs any more: something was missing there. */
  distrust(job: RemoteJob): void;
  /**
   * Has a host compile from inputs, and brings the answer back. Rejects with InputsFailed when the host may do the job
   * from preprocessed text, with InputsOutdated when the premise of what was found does not hold, else as carry() does.
   */
  carry(host: DistantHost, job: RemoteJob, request: InputsRequest): Promise<InputsResponse>;
  /** Compiles here, and gives what was made and is left where it belongs. */
  compileAside(job: RemoteJob): Promise<Made>;
}
