import type { Fingerprint } from '../../compiler/content/fingerprint.ts';
import { readVariable } from '../../config/client-environment.ts';
import { parseCompiler } from '../../wire/inputs/compiler-text.ts';
import type { CompilerEffects } from '../compile/compiler-effects.ts';
import { compilerOf } from '../compile/judge-answer.ts';
import { serverName } from '../hosts/host.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Assignment } from './assignment.ts';
import type { CheckedHosts } from './checked-hosts.ts';
import type { InputHosts } from './input-hosts.ts';
import type { Notices } from './notices.ts';
import type { OwnCompilers } from './own-compilers.ts';

/** What all jobs of an agent share to compare compilers. */
export interface SharedCompilers {
  readonly own: OwnCompilers;
  readonly checked: CheckedHosts;
  readonly notices: Notices;
}

/** Whom else a job has to do with. */
interface Surroundings {
  readonly hosts: InputHosts | undefined;
  /** How long a host gets no jobs of a compiler that is another one there. */
  readonly restSeconds: number;
}

/** A host and a compiler of this machine. */
const keyOf = ({ verdict, compiler }: RemoteJob, host: DistantHost): string =>
  [serverName(host), verdict.words[0], compiler?.device, compiler?.inode].join(' ');

/** What one job knows of compilers. Without a shared memory nothing is compared: that would cost a compile a job. */
export class JobCompilers implements CompilerEffects {
  readonly #assignment: Assignment;
  readonly #shared: SharedCompilers | undefined;
  readonly #surroundings: Surroundings;

  constructor(assignment: Assignment, shared: SharedCompilers | undefined, surroundings: Surroundings) {
    const { call, log } = assignment;
    const mismatch = readVariable('DISTCC_MISMATCH', call.environment, (sentence) => log.warning(sentence));
    this.#assignment = assignment;
    this.#shared = mismatch === 'allow' ? undefined : shared;
    this.#surroundings = surroundings;
  }

  own(job: RemoteJob): Promise<Fingerprint | undefined> {
    return this.#shared?.own.of(job, this.#assignment) ?? Promise.resolve(undefined);
  }

  #text(host: DistantHost, compiler: string): string | undefined {
    return this.#surroundings.hosts?.compilerOf(serverName(host), compiler);
  }

  told(host: DistantHost, compiler: string): Fingerprint | undefined {
    const text = this.#text(host, compiler);
    return text === undefined ? undefined : parseCompiler(text);
  }

  isDue(job: RemoteJob, host: DistantHost): boolean {
    return this.#shared?.checked.isDue(keyOf(job, host), this.#text(host, compilerOf(job))) === true;
  }

  isSame(job: RemoteJob, host: DistantHost): void {
    this.#shared?.checked.isSame(keyOf(job, host), this.#text(host, compilerOf(job)));
  }

  isOther(job: RemoteJob, host: DistantHost, why: string): void {
    this.#shared?.checked.isOther(keyOf(job, host), why, this.#surroundings.restSeconds);
  }

  whyOther(job: RemoteJob, host: DistantHost): string | undefined {
    return this.#shared?.checked.whyOther(keyOf(job, host));
  }

  isNew(sentence: string): boolean {
    return this.#shared?.notices.isNewInBuild(sentence) ?? true;
  }
}
