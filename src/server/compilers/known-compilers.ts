import { normalize } from 'node:path';
import { fileStamp } from '../../system/files/file-hashes.ts';
import { encodeCompiler } from '../../wire/inputs/compiler-text.ts';
import { EverySecond } from '../../system/machine/every-second.ts';
import type { Compiler, NamedProgram } from './look-at-compiler.ts';

/** Names that are remembered: clients choose them, among those that are permitted. */
const mostKnown = 256;
/** The longest of them: with longer ones there would be room for few in what clients are told. */
const longestName = 255;
/** How long it is believed, in ms, that a compiler's files are what they were. */
const believedMs = 1000;
/** How long, in ms, a program of which nothing could be found out is left alone. */
const restMs = 60_000;
/** Bytes of what clients are told of all compilers together. */
const mostTold = 48 * 1024;

/** What is known of one name. */
interface Known {
  readonly program: NamedProgram;
  compiler: Compiler | undefined;
  /** What its files were like when it was looked at. */
  stamp: string;
  /** Whether it is to be looked at, or is. */
  wanted: boolean;
  /** Until when nothing is looked at again, by the clock. */
  until: number;
}

/** What looking at compilers takes. */
export interface LookingMeans {
  readonly look: (program: NamedProgram) => Promise<Compiler | undefined>;
  /** Takes a slot for that, if one is free that no job waits for; gives a function that gives it back. */
  readonly takeSlot: () => (() => void) | undefined;
  /** A clock that only goes forward, in ms. */
  readonly now: () => number;
}

/**
 * The name by which a compiler is remembered. A plain one is permitted as it is; a path can be written in any number of
 * ways, and is remembered as this server writes it.
 */
const nameOf = (asked: string, path: string): string => (asked.includes('/') ? normalize(path) : asked);

/** Equal texts while none of the files has been replaced. */
function stampOf(paths: readonly string[]): string {
  try {
    return paths.map((path) => fileStamp(path)).join('\n');
  } catch {
    return '';
  }
}

/**
 * What the compilers are that clients have asked for. One is looked at some time after the first job that names it has
 * come, when a slot is free, and again when its files have changed; no job waits for that.
 */
export class KnownCompilers {
  readonly #means: LookingMeans;
  readonly #known = new Map<string, Known>();
  readonly #patrol = new EverySecond(() => this.review());
  #looking = false;
  #news = 0;

  constructor(means: LookingMeans) {
    this.#means = means;
  }

  /** A number that rises whenever clients may be told something else. */
  get news(): number {
    return this.#news;
  }

  /** Notes that a job names a compiler as `asked`; what is known of it is forgotten when its files have changed. */
  note(asked: string, program: NamedProgram): void {
    const name = nameOf(asked, program.path);
    const known = this.#known.get(name);
    if (name.length > longestName) return;
    if (known === undefined && this.#known.size >= mostKnown) return;
    const isOther = known?.program.path !== program.path;
    if (known !== undefined && !isOther) {
      const now = this.#means.now();
      if (known.wanted || known.until > now) return;
      known.until = now + believedMs;
      if (known.compiler !== undefined && stampOf(known.compiler.programs) === known.stamp) return;
    }
    if (known?.compiler !== undefined) this.#news += 1;
    this.#known.set(name, { program, compiler: undefined, stamp: '', wanted: true, until: 0 });
    this.#patrol.begin();
  }

  /** Looks at one that is wanted, if there is room for that; tells whether others are. */
  review(): boolean {
    const next = [...this.#known.values()].find(({ wanted }) => wanted);
    if (next !== undefined && !this.#looking) void this.#lookAt(next);
    return next !== undefined;
  }

  /** Looks at one, and then at the others that are wanted. */
  async #lookAt(known: Known): Promise<void> {
    const release = this.#means.takeSlot();
    if (release === undefined) return;
    this.#looking = true;
    const compiler = await this.#means.look(known.program).catch(() => undefined);
    release();
    this.#looking = false;
    known.wanted = false;
    known.compiler = compiler;
    known.stamp = compiler === undefined ? '' : stampOf(compiler.programs);
    known.until = this.#means.now() + (compiler === undefined ? restMs : believedMs);
    if (compiler !== undefined && [...this.#known.values()].includes(known)) this.#news += 1;
    this.review();
  }

  /**
   * What a client is told of the compiler that it names so; undefined when that is not known, or not yet.
   * @param path of the compiler on this machine
   */
  told(asked: string, path = asked): string | undefined {
    return this.#told(nameOf(asked, path));
  }

  #told(name: string): string | undefined {
    const compiler = this.#known.get(name)?.compiler;
    return compiler === undefined ? undefined : encodeCompiler(compiler.fingerprint);
  }

  /** What clients are told of all. */
  all(): Readonly<Record<string, string>> {
    const texts = new Map<string, string>();
    let bytes = 0;
    for (const name of this.#known.keys()) {
      const text = this.#told(name);
      bytes += Buffer.byteLength(JSON.stringify(name)) + (text?.length ?? 0) + '"":,'.length;
      if (text !== undefined && bytes <= mostTold) texts.set(name, text);
    }
    return Object.fromEntries(texts);
  }

  /** What is known, for an administrator. */
  list(): readonly {
    readonly name: string;
    readonly path: string;
    readonly version: string;
    readonly target: string;
  }[] {
    return [...this.#known].flatMap(([name, { compiler }]) => {
      if (compiler === undefined) return [];
      const { path, fingerprint } = compiler;
      return [{ name, path, version: fingerprint.version, target: fingerprint.target }];
    });
  }
}
