import type { ProgramFile } from '../../compiler/command/cross-names.ts';
import { namesIn } from '../job/understand.ts';
import type { FoundPrograms, RemoteJob } from '../job/understand.ts';
import type { Call } from '../job/call.ts';
import type { Launcher } from './launcher.ts';

/**
 * What was found counts for this many ms. The launcher tells besides which file it has run: a job is never compiled as
 * another one's.
 */
const lookAgainAfter = 10_000;
/** PATHs and names that are kept; more than a few only come from a test or a mistake. */
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
  /** What clangs compile for, by their files. */
  readonly #targets = new Map<string, string | undefined>();

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The programs that understanding a call takes. A PATH that hangs keeps nobody else waiting: each job has its own
   * launcher look.
   */
  async find(call: Call, launcher: Pick<Launcher, 'look'>): Promise<FoundPrograms> {
    const names = namesIn(call);
    if (names.length === 0) return () => nothing;
    const path = call.environment['PATH'] ?? '/bin:/usr/bin';
    // Entries that are relative mean other directories elsewhere.
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

  /** Forgets what was found: a program was not the file that it was before. */
  forget(): void {
    this.#known.clear();
    this.#targets.clear();
  }

  /** What a job's clang compiles for when it is not told; `ask` runs it and gives what it prints. */
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
