import type { Fingerprint } from '../../compiler/content/fingerprint.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { RemoteJob } from '../job/understand.ts';

/** What is known of compilers, here and at hosts. */
export interface CompilerEffects {
  /** What the job's compiler is; undefined when that cannot be found out, or does not matter to the user. */
  own(job: RemoteJob): Promise<Fingerprint | undefined>;
  /** What a host has said of its compiler of that name; undefined when it has not. */
  told(host: DistantHost, compiler: string): Fingerprint | undefined;
  /** Whether what a host's compiler makes is to be looked at: it has not been for a while. */
  isDue(job: RemoteJob, host: DistantHost): boolean;
  /** Notes that it was looked at, and comes from the same compiler as here. */
  isSame(job: RemoteJob, host: DistantHost): void;
  /** Notes that a host has another compiler than the job's: for a while it gets only other jobs. */
  isOther(job: RemoteJob, host: DistantHost, why: string): void;
  /** Why a host gets no jobs of the job's compiler at the moment; undefined when it does. */
  whyOther(job: RemoteJob, host: DistantHost): string | undefined;
  /** Whether a sentence has not been said in this build; it counts as said from now on. */
  isNew(sentence: string): boolean;
}
