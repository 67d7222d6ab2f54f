import type { DiskPath } from '../../system/byte-text.ts';
import type { Toolchain } from '../../system/fence/toolchain.ts';
import type { DeclaredFile } from '../inputs/declared-input.ts';
import { requireSame } from '../inputs/machine-files.ts';
import type { TreeCompiled } from '../job/run-tree-job.ts';
import { FairQueue } from '../limits/fair-queue.ts';
import { inTurns, turnTaker } from '../limits/in-turns.ts';
import { CompilerIdentities } from './compiler-identity.ts';
import type { CompilerIdentity } from './compiler-identity.ts';
import { mayKeep } from './may-keep.ts';
import { resultKey } from './result-key.ts';
import type { CompileFacts } from './result-key.ts';
import type { KeptResults } from './result-store.ts';
import { timePiecesInWords } from './time-pieces.ts';
import { TimeWords } from './time-words.ts';

/** A compile whose result may be kept: all that it depends on. */
export interface KeepableCompile extends Omit<CompileFacts, 'identity'> {
  readonly toolchain: Pick<Toolchain, 'parts' | 'links' | 'isShown'>;
}

/** The name of a result. */
export interface ResultName {
  readonly key: string;
  readonly compile: KeepableCompile;
  readonly identity: CompilerIdentity;
}

/** What has become of compiles whose results may be kept, since the start. */
export interface ResultCounts {
  /** Were answered with a kept result. */
  hits: number;
  /** Had a compiler started. */
  misses: number;
  /** Results that were kept. */
  kept: number;
}

/** How many kept results are read and checked at a time: what clients cause without a slot. */
const mostReading = 4;

/** Decides which results are kept, and finds them again. */
export class ResultKeeper {
  readonly #results: KeptResults;
  readonly #identities = new CompilerIdentities();
  readonly #times = new TimeWords();
  readonly counts: ResultCounts = { hits: 0, misses: 0, kept: 0 };
  /** Whoever wants a kept result waits here, for as long as it takes to read one. */
  readonly reading = new FairQueue(mostReading);

  constructor(results: KeptResults) {
    this.#results = results;
  }

  /** The name of the result of a compile for which mayHaveKept() is true; undefined when that cannot be said. */
  async nameOf(compile: KeepableCompile): Promise<ResultName | undefined> {
    try {
      const identity = await this.#identities.of(compile.toolchain);
      return { key: resultKey({ ...compile, identity: identity.hash }), compile, identity };
    } catch {
      // A part of the compiler has just gone; the compile itself tells what that means.
      return undefined;
    }
  }

  /** The kept result, for the caller to close. */
  get({ key }: ResultName): Promise<TreeCompiled | undefined> {
    return this.#results.get(key);
  }

  /**
   * Whether a compiler has not been replaced since its result was named; else the result may be that of another one.
   */
  isStill({ compile, identity }: ResultName): boolean {
    return this.#identities.isStill(compile.toolchain, identity);
  }

  /**
   * Keeps the result of a compile that saw what its name says and nothing else, if it is one that anybody would get. It never rejects.
   * @param onDisk where the client's files are on this machine
   */
  async keep(name: ResultName, compiled: TreeCompiled, onDisk: (path: string) => DiskPath): Promise<void> {
    try {
      if (!(await this.#isForAnybody(name, compiled, onDisk))) return;
      if (await this.#results.put(name.key, compiled)) this.counts.kept += 1;
    } catch {
      // A file is gone, or one of this machine has changed: whoever needs it hears of that.
    }
  }

  async #isForAnybody(name: ResultName, compiled: TreeCompiled, onDisk: (path: string) => DiskPath): Promise<boolean> {
    const { directory, inputs, toolchain } = name.compile;
    const keeps = await inTurns(mayKeep(compiled, { directory, inputs, links: toolchain.links }));
    if (!keeps || !this.isStill(name)) return false;
    const own: DeclaredFile[] = [];
    const rest = turnTaker();
    for (const input of inputs) {
      await rest();
      // It may have been replaced since the job began.
      if (toolchain.isShown(input.path)) await inTurns(requireSame(input));
      else if (input.kind === 'file') own.push(input);
    }
    return !(await this.#times.areIn(own, timePiecesInWords(name.compile.words), onDisk));
  }
}
