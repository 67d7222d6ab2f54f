import type { Toolchain } from '../../system/fence/toolchain.ts';
import type { ArrivedTreeJob } from '../../wire/inputs/tree-job.ts';
import type { DeclaredInput } from '../inputs/declared-input.ts';
import type { ExactTree } from '../inputs/exact-tree.ts';
import type { Generation, Session } from '../inputs/session.ts';
import { closeAnswer } from '../job/answer.ts';
import { wordsInTree } from '../job/run-tree-job.ts';
import type { TreeCompiled } from '../job/run-tree-job.ts';
import { treeEnvironment } from '../job/tree-environment.ts';
import type { BudgetAccount } from '../limits/byte-budget.ts';
import { inTurns } from '../limits/in-turns.ts';
import type { TreeCommand } from '../policy/tree-command.ts';
import { mayHaveKept } from '../results/may-keep.ts';
import type { ResultName } from '../results/result-keeper.ts';
import type { ClientLine } from './client-line.ts';
import type { TreeService } from './service.ts';

/** A job with its session and tree, as far as its result depends on them. */
export interface PlacedJob {
  readonly job: ArrivedTreeJob;
  readonly session: Session;
  readonly command: TreeCommand;
  readonly toolchain: Toolchain;
  readonly directory: string;
  readonly generation: Generation;
  /** All that the job may read, by numbers of the session. */
  readonly uses: readonly number[];
}

/** A kept result, with room for its files. */
export interface Kept {
  readonly result: TreeCompiled;
  readonly room: BudgetAccount;
}

/** Lets go of a kept result that is not given. */
export function letGo({ result, room }: Kept): void {
  room.close();
  closeAnswer(result);
}

/** The result of one job: an earlier one, or one to be kept. Where no results are kept it is neither. */
export class JobResult {
  readonly #line: ClientLine;
  readonly #trees: TreeService;
  readonly #placed: PlacedJob;
  #declared: ReadonlyMap<number, DeclaredInput> | undefined;
  #name: ResultName | undefined;
  #exact: ExactTree | undefined;

  constructor(line: ClientLine, trees: TreeService, placed: PlacedJob) {
    this.#line = line;
    this.#trees = trees;
    this.#placed = placed;
  }

  /** Whether it is known which result it is: the client has shown that it has all inputs. */
  get isNamed(): boolean {
    return this.#name !== undefined;
  }

  /**
   * Looks for the result of a compile that was the same: no slot is needed, and only a few are read at a time. @throws
   * ProtocolError, the signal's reason
   */
  async find(): Promise<Kept | undefined> {
    const { results } = this.#trees;
    if (results === undefined) return undefined;
    this.#name ??= await this.#nameIt();
    if (this.#name === undefined) return undefined;
    const line = this.#line;
    const putBack = (reason: unknown): void => line.end(reason);
    const release = await results.reading.enter({ client: line.connection.address, signal: line.signal, putBack });
    try {
      const result = await results.get(this.#name);
      if (result === undefined) return undefined;
      let room: BudgetAccount | undefined;
      try {
        room = line.roomFor(result);
      } finally {
        if (room === undefined) closeAnswer(result);
      }
      return room === undefined ? undefined : { result, room };
    } finally {
      release();
    }
  }

  async #nameIt(): Promise<ResultName | undefined> {
    const { results, roots, environment: own } = this.#trees;
    const { job, session, command, toolchain, directory, uses } = this.#placed;
    const inputs = this.#inputs;
    const words = wordsInTree(command, toolchain).argv;
    if (results === undefined || !toolchain.isWhole) return undefined;
    if (!mayHaveKept(words, [...inputs.values()])) return undefined;
    const theirs = uses.filter((number) => isOwnFile(inputs.get(number), toolchain));
    await session.prove(theirs);
    if (!(await inTurns(session.hasAll(theirs), this.#line.signal))) return undefined;
    const { path, verdict } = command;
    const locales = await roots().locales();
    const environment = treeEnvironment(own(), job.environment, { directory, locales });
    const { output } = verdict;
    return results.nameOf({ toolchain, path, words, output, directory, environment, inputs: [...inputs.values()] });
  }

  get #inputs(): ReadonlyMap<number, DeclaredInput> {
    const { session, uses } = this.#placed;
    this.#declared ??= new Map(uses.map((number) => [number, session.input(number)]));
    return this.#declared;
  }

  /**
   * A tree without what other jobs of the client have declared, since anybody may get the result; undefined when that
   * cannot be had, or the result is not kept anyway.
   */
  async tree(): Promise<ExactTree | undefined> {
    const { job, session, generation, toolchain } = this.#placed;
    if (this.#name === undefined) return undefined;
    const sight = { tree: generation.tree, inputs: this.#inputs, directory: job.directory };
    const exact = session.exact.borrow(toolchain, sight);
    if (exact === undefined) return undefined;
    try {
      await inTurns(exact.show(sight), this.#line.signal);
      this.#exact = exact;
    } catch {
      // A file system without links, or a full one. That the client has gone is noticed by the compile.
      session.exact.giveBack(exact);
    }
    return this.#exact;
  }

  /** Keeps what the compiler left, if it saw only what it was to see. It never rejects. */
  async keep(compiled: TreeCompiled): Promise<void> {
    const { results } = this.#trees;
    if (results === undefined || this.#name === undefined || this.#exact === undefined) return;
    const { tree } = this.#placed.generation;
    results.counts.misses += 1;
    // Another compiler may need other mount points.
    if (!results.isStill(this.#name)) this.#exact.spoil();
    await results.keep(this.#name, compiled, (path) => tree.onDisk(path));
  }

  /** The job is over. */
  close(): void {
    if (this.#exact !== undefined) this.#placed.session.exact.giveBack(this.#exact);
    this.#exact = undefined;
  }
}

/** Whether a client's content is read there, and not one of this machine. */
const isOwnFile = (input: DeclaredInput | undefined, toolchain: Toolchain): boolean =>
  input?.kind === 'file' && !toolchain.isShown(input.path);
