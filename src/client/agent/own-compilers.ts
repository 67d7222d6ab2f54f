import { writeFileSync } from 'node:fs';
import { fingerprintSource, isForCxx } from '../../compiler/content/fingerprint.ts';
import type { Fingerprint } from '../../compiler/content/fingerprint.ts';
import { byteText } from '../../system/byte-text.ts';
import { describeCompiler } from '../../system/processes/describe-compiler.ts';
import { encodePaths } from '../../wire/agent/inputs.ts';
import { pathIn } from '../job/understand.ts';
import type { RemoteJob } from '../job/understand.ts';
import { changesOf } from './environment-changes.ts';
import type { Assignment } from './assignment.ts';
import type { Launcher } from './launcher.ts';

/** How long it is believed, in ms, that a compiler's files are what they were. */
const believedMs = 10_000;
/** Compilers that are remembered; only a test or a mistake brings more than a few. */
const mostKnown = 256;

/** Variables by which a compiler writes files besides its output; this question is not to write any. */
const unset = ['DEPENDENCIES_OUTPUT', 'SUNPRO_DEPENDENCIES'];

interface Found {
  readonly fingerprint: Fingerprint | undefined;
  /** Files that make another compiler of it when they change. */
  readonly files: readonly string[];
  /** What the launcher says of them: equal bytes while none has been replaced. */
  readonly stamps: Buffer;
}

interface Known {
  found: Promise<Found>;
  /** Until when the files are not looked at again, by the clock. */
  until: number;
}

type Asked = Pick<Launcher, 'probe' | 'stamp'>;

/** What the compilers of this machine are, each found out once, and again when its files have changed. */
export class OwnCompilers {
  readonly #now: () => number;
  readonly #folder: string;
  readonly #known = new Map<string, Known>();

  /** `now` is a clock that only goes forward, in ms; `folder` is for a file that compilers read. */
  constructor(now: () => number, folder: string) {
    this.#now = now;
    this.#folder = folder;
  }

  /** What a job's compiler is; undefined when it is not a compiler of a known kind. */
  async of(
    job: RemoteJob,
    { call, launcher }: Pick<Assignment, 'call'> & { readonly launcher: Asked },
  ): Promise<Fingerprint | undefined> {
    const [name = ''] = job.argv;
    const { compiler } = job;
    const file = compiler === undefined ? pathIn(job, name) : `${compiler.device} ${compiler.inode}`;
    const key = `${name} ${isForCxx(compilerName(job)) ? 'c++' : 'c'} ${file}`;
    for (;;) {
      const known = this.#known.get(key);
      if (known === undefined || !(await this.#isGood(known, launcher))) break;
      const found = await known.found.catch(() => undefined);
      if (found !== undefined) return found.fingerprint;
      // The launcher that asked has ended: somebody else asks again.
      if (this.#known.get(key) === known) this.#known.delete(key);
    }
    if (this.#known.size >= mostKnown) this.#known.clear();
    const made = {
      found: this.#find(job, changesOf(call.environment, job.environment), launcher),
      until: this.#now() + believedMs,
    };
    this.#known.set(key, made);
    try {
      return (await made.found).fingerprint;
    } catch {
      if (this.#known.get(key) === made) this.#known.delete(key);
      return undefined;
    }
  }

  async #isGood(known: Known, launcher: Asked): Promise<boolean> {
    if (known.until > this.#now()) return true;
    known.until = this.#now() + believedMs;
    try {
      const { files, stamps } = await known.found;
      return (await launcher.stamp(encodePaths(files))).equals(stamps);
    } catch {
      return false;
    }
  }

  async #find(job: RemoteJob, changes: readonly string[], launcher: Asked): Promise<Found> {
    const [name = ''] = job.argv;
    const ask = async (words: readonly string[]): Promise<string> => {
      const { status, stdout } = await launcher.probe({ argv: [name, ...words], changes: [...changes, ...unset] });
      return status === 0 ? byteText(stdout) : '';
    };
    const source = `${this.#folder}/fingerprint.c`;
    writeFileSync(source, fingerprintSource, { mode: 0o600 });
    const { fingerprint, part } = await describeCompiler(compilerName(job), source, ask);
    const files = [job.compiler?.real ?? pathIn(job, name), ...(part === undefined ? [] : [part])];
    return { fingerprint, files, stamps: Buffer.from(await launcher.stamp(encodePaths(files))) };
  }
}

/** The name that hosts get, which tells the language. */
const compilerName = ({ verdict }: RemoteJob): string => verdict.words[0] ?? '';
