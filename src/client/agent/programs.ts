import type { ProgramFile } from '../../compiler/command/cross-names.ts';
import { namesIn } from '../job/understand.ts';
import type { FoundPrograms, RemoteJob } from '../job/understand.ts';
import type { Call } from '../job/call.ts';
import type { Launcher } from './launcher.ts';

/**
 * A found program is looked up again after this many ms. If it was replaced before that, the launcher reports which
 * file it ran, and the job is done here: it never gets another compiler's object.
 */
const lookAgainAfter = 10_000;
/** How many results are kept. Only a test or a mistake brings more than a few. */
const mostKept = 256;

interface Known {
  readonly programs: FoundPrograms;
  readonly at: number;
}

const nothing: readonly ProgramFile[] = [];

/** The compilers that jobs have found by their PATH. */
export class Programs {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  /** The default targets of clangs, by their files. */
  readonly #targets = new Map<string, string | undefined>();

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Finds the programs that `understand()` needs. Each job's own launcher looks, so that a PATH on a hanging file
   * system delays no other job.
   */
  async find(call: Call, launcher: Pick<Launcher, 'look'>): Promise<FoundPrograms> {
    const names = namesIn(call);
    if (names.length === 0) return () => nothing;
    const path = call.environment['PATH'] ?? '/bin:/usr/bin';
    // Relative entries of PATH depend on the directory.
    const place = path.startsWith('/') && !/:(?!\/)/.test(path) ? '' : call.directory;
    const key = `${names.join(' ')}\0${path}\0${place}`;
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() - known.at < lookAgainAfter) return known.programs;
    const found = await launcher.look(path, names);
    const byName = new Map(names.map((name, at) => [name, found.filter((program) => program.name === at)]));
    const programs: FoundPrograms = (name) => byName.get(name) ?? nothing;
    if (this.#known.size >= mostKept) this.#known.clear();
    this.#known.set(key, { programs, at: this.#now() });
    return programs;
  }

  /** Forgets all results, after a program turned out to be another file than before. */
  forget(): void {
    this.#known.clear();
    this.#targets.clear();
  }

  /** The default target of a job's clang; `ask` runs it and returns what it prints. */
  async defaultTarget(
    { argv, compiler }: RemoteJob,
    ask: (argv: readonly string[]) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const key = compiler === undefined ? undefined : `${compiler.device} ${compiler.inode}`;
    if (key !== undefined && this.#targets.has(key)) return this.#targets.get(key);
    const text = await ask([argv[0] ?? '', '-print-effective-triple']);
    const target = /^[\w.-]+(?=\n$)/.exec(text ?? '')?.[0];
    if (key !== undefined) this.#targets.set(key, target);
    return target;
  }
}
