import { basename } from 'node:path';
import { pathOf } from '../../system/byte-text.ts';
import type { Toolchain } from '../../system/fence/toolchain.ts';
import { readContents } from '../../wire/inputs/contents.ts';
import type { ArrivedContent } from '../../wire/inputs/contents.ts';
import { decodeDefinitions } from '../../wire/inputs/definitions.ts';
import { decodeNumbers } from '../../wire/inputs/numbers.ts';
import { readTreeJob } from '../../wire/inputs/tree-job.ts';
import type { ArrivedTreeJob } from '../../wire/inputs/tree-job.ts';
import { encodeNeed, encodeWelcome } from '../../wire/inputs/tree-reply.ts';
import { quoted } from '../../wire/quoted.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import type { ExactTree } from '../inputs/exact-tree.ts';
import type { Asked, Generation, Session } from '../inputs/session.ts';
import { knownCodecs } from '../inputs/unpack.ts';
import { endedWith } from '../job/job-end.ts';
import type { JobEnd } from '../job/job-end.ts';
import { closeAnswer } from '../job/answer.ts';
import { runTreeJob, wordsInTree } from '../job/run-tree-job.ts';
import type { TreeCompiled } from '../job/run-tree-job.ts';
import { treeEnvironment } from '../job/tree-environment.ts';
import type { BudgetAccount } from '../limits/byte-budget.ts';
import { inTurns, turnTaker } from '../limits/in-turns.ts';
import { judgeTreeCommand } from '../policy/judge-command.ts';
import { ClientGone, Overdue, Refusal } from '../policy/refusal.ts';
import { refusalOfRoot } from '../policy/root-refusal.ts';
import type { TreeCommand } from '../policy/tree-command.ts';
import { mayHaveKept } from '../results/may-keep.ts';
import type { ResultName } from '../results/result-keeper.ts';
import type { ClientLine } from './client-line.ts';
import type { TreeService } from './service.ts';

/** Tree jobs are answered with the first version's form. */
const version = 1;

/** A job asks once as a rule; more rounds than this do not come of other connections that fail. */
const mostRounds = 32;

/** What a job is about, once it has been judged. */
interface Admitted {
  readonly job: ArrivedTreeJob;
  readonly session: Session;
  readonly command: TreeCommand;
  readonly toolchain: Toolchain;
  readonly directory: string;
}

/** A job with its place. */
interface Placed extends Admitted {
  readonly generation: Generation;
  /** All that the job may read, by numbers of the session. */
  readonly uses: readonly number[];
}

/** A kept result, with room for its files. */
interface Kept {
  readonly result: TreeCompiled;
  readonly room: BudgetAccount;
}

/** A connection on which a client has a command compiled on its own files (doc/protocol.md, "Tree jobs"). */
export class TreeConversation {
  readonly #line: ClientLine;
  readonly #trees: TreeService;
  readonly #account: BudgetAccount;

  constructor(line: ClientLine, trees: TreeService, account: BudgetAccount) {
    this.#line = line;
    this.#trees = trees;
    this.#account = account;
  }

  /** From after the secret of the session to the end of the answer. */
  async hold(secret: Buffer): Promise<JobEnd> {
    const line = this.#line;
    try {
      const sessions = this.#trees.sessions();
      const { session, fresh } = sessions.enter(secret, line.connection.address);
      try {
        if (fresh) this.#welcome(session);
        return await this.#answer(await this.#readJob(session, fresh), session);
      } finally {
        sessions.leave(session);
      }
    } catch (error) {
      const unread = error instanceof ProtocolError || error instanceof ClientGone || error instanceof Overdue;
      return unread && line.connection.stage === 'receiving' ? line.badRequest(error) : line.refuse(version, error);
    }
  }

  #welcome({ nonce }: Session): void {
    const { queue } = this.#line.service;
    const load = (queue.running + queue.waiting) / queue.slots;
    this.#line.send(encodeWelcome({ nonce, codecs: knownCodecs, slots: queue.slots, load, compilers: {} }));
  }

  /** Reads the job; one that was made for a session that is gone comes again. */
  async #readJob(session: Session, welcomed: boolean): Promise<ArrivedTreeJob> {
    const read = (): Promise<ArrivedTreeJob> => this.#line.receive(readTreeJob(), this.#account);
    const first = await read();
    if (first.nonce.equals(session.nonce)) return first;
    if (!welcomed) this.#welcome(session);
    const second = await read();
    if (second.nonce.equals(session.nonce)) return second;
    throw new ProtocolError('malformed', 'a job has another nonce than its session, twice');
  }

  async #answer(job: ArrivedTreeJob, session: Session): Promise<JobEnd> {
    const { service, signal, log } = this.#line;
    const definitions = await inTurns(decodeDefinitions(job.definitions), signal);
    await inTurns(session.define(definitions), signal);
    if (job.garbled) throw new Refusal('a word of the command is not UTF-8: rename the file, or compile it locally');
    const directory = pathOf(job.directory);
    if (directory === undefined) throw new Refusal(`the directory ${quoted(job.directory)} is not UTF-8: rename it`);
    const command = await inTurns(judgeTreeCommand(job.argv, service), signal);
    const { source, output } = command.verdict;
    log.say('a compile', 'info', `compile from ${basename(source)} to ${basename(output)}`);
    const toolchain = await this.#toolchain(command);
    const generation = session.enter(job.generation);
    try {
      const uses = decodeNumbers(job.uses, 'token "USES"');
      const placed = { job, session, command, toolchain, directory, generation, uses };
      await this.#take(job.data, placed);
      const early = await this.#nameResult(placed);
      let kept = await this.#findKept(early);
      if (kept === undefined) await this.#lay(placed, definitions.length > 0);
      else if (definitions.length > 0) this.#line.send(encodeNeed([]));
      this.#account.complete = true;
      this.#account.close();
      this.#line.watchForEnd();
      // What has come by now shows what the client has.
      const name = early ?? (await this.#nameResult(placed));
      if (early === undefined) kept = await this.#findKept(name);
      return kept === undefined ? await this.#compile(placed, name) : await this.#giveKept(placed, kept);
    } finally {
      session.leave(generation);
    }
  }

  /** The name of the job's result, if it can be kept and the client has shown that it has all inputs. */
  async #nameResult({ job, session, command, toolchain, directory, uses }: Placed): Promise<ResultName | undefined> {
    const { results } = this.#trees;
    if (results === undefined) return undefined;
    const inputs = uses.map((number) => session.input(number));
    const words = wordsInTree(command).argv;
    if (!mayHaveKept(words, inputs) || !session.hasAll(toolchain, uses)) return undefined;
    const { path, verdict } = command;
    const locales = await this.#trees.roots().locales();
    const environment = treeEnvironment(this.#line.service.environment, job.environment, { directory, locales });
    return results.nameOf({ toolchain, path, words, output: verdict.output, directory, environment, inputs });
  }

  /** Looks for the result of a compile that was the same: no slot is needed, and only a few are read at a time. */
  async #findKept(name: ResultName | undefined): Promise<Kept | undefined> {
    const { results } = this.#trees;
    if (results === undefined || name === undefined) return undefined;
    const line = this.#line;
    const { signal } = line;
    const putBack = (reason: unknown): void => line.end(reason);
    const release = await results.reading.enter({ client: line.connection.address, signal, putBack });
    try {
      const result = await results.get(name);
      const room = result === undefined ? undefined : line.roomFor(result);
      if (result !== undefined && room !== undefined) return { result, room };
      if (result !== undefined) closeAnswer(result);
      return undefined;
    } finally {
      release();
    }
  }

  async #giveKept({ command }: Placed, { result, room }: Kept): Promise<JobEnd> {
    const { results } = this.#trees;
    if (results !== undefined) results.counts.hits += 1;
    await this.#line.giveKept(result, version, room);
    return { ...endedWith(result.status, command.name, command.verdict.source), kept: true };
  }

  async #toolchain({ path }: TreeCommand): Promise<Toolchain> {
    try {
      return await this.#trees.roots().toolchain(path);
    } catch (error) {
      throw refusalOfRoot(error) ?? error;
    }
  }

  /**
   * Lays all that the job may read, for which the client is asked for what is not here. It hears that its definitions
   * have been taken, if there were any.
   */
  async #lay(placed: Placed, defined: boolean): Promise<void> {
    const { job, session, generation, toolchain, directory, uses } = placed;
    const { signal } = this.#line;
    const lay = (numbers: readonly number[]): Promise<number[]> =>
      inTurns(session.lay(generation, toolchain, numbers), signal);
    let told = !defined;
    const need = (numbers: readonly number[]): void => {
      told = true;
      this.#line.send(encodeNeed(numbers));
    };
    let lacking = await lay(uses);
    for (let round = 0; lacking.length > 0; round += 1) {
      if (round === mostRounds) throw new Refusal('other connections of this client do not bring what they were to');
      if (!(await session.prove(lacking))) {
        const { numbers: waited, over } = session.underWay(lacking);
        const wanted = session.withoutTwins(lacking.filter((number) => !waited.includes(number)));
        if (wanted.length > 0) {
          const asked = session.ask(wanted);
          try {
            need(wanted);
            await this.#takeAsked(wanted, asked, placed);
          } finally {
            asked.close();
          }
        } else {
          if (!told) need([]);
          await this.#line.during(over);
        }
      }
      lacking = await lay(lacking);
    }
    if (!toolchain.isShown(directory)) generation.tree.addWorkingDirectory(job.directory);
    if (!told) need([]);
  }

  /** Reads what the client was asked for: all of that, and nothing else. */
  async #takeAsked(wanted: readonly number[], asked: Asked, placed: Placed): Promise<void> {
    const contents = await this.#line.receive(readContents(), this.#account);
    const due = new Set(wanted);
    for (const { number } of contents) {
      if (!due.delete(number)) throw new ProtocolError('malformed', `number ${number} came and was not asked for`);
    }
    const [first] = due;
    if (first !== undefined) throw new ProtocolError('malformed', `number ${first} was asked for and did not come`);
    await this.#take(contents, placed, asked);
  }

  /** Keeps contents, and lays each at once, so that it stays. */
  async #take(contents: readonly ArrivedContent[], placed: Placed, asked?: Asked): Promise<void> {
    const { session, generation, toolchain } = placed;
    const { signal } = this.#line;
    const { store, scratch } = this.#trees.sessions();
    const rest = turnTaker();
    for (const content of contents) {
      const file = session.file(content.number);
      await store.put(content, file, scratch);
      session.possesses(file);
      await inTurns(session.lay(generation, toolchain, [content.number]), signal);
      asked?.came(file.hash);
      await rest();
      signal.throwIfAborted();
    }
  }

  async #compile(placed: Placed, name: ResultName | undefined): Promise<JobEnd> {
    const { command, session } = placed;
    const line = this.#line;
    const release = await line.turn();
    let exact: ExactTree | undefined;
    try {
      // Somebody else may have had the same compile before it.
      const kept = await this.#findKept(name);
      if (kept !== undefined) {
        release();
        return await this.#giveKept(placed, kept);
      }
      exact = await this.#exactTree(placed, name);
      const compiled = await this.#run(placed, exact);
      await line.giveBack(compiled, version, { release, keep: () => this.#keep(placed, name, exact, compiled) });
      return endedWith(compiled.status, command.name, command.verdict.source);
    } finally {
      release();
      if (exact !== undefined) session.exact.giveBack(exact);
    }
  }

  #run({ job, command, generation, directory }: Placed, exact: ExactTree | undefined): Promise<TreeCompiled> {
    const { service, signal, log } = this.#line;
    const { spool, spawn, environment, lifetimeMs, graceMs, log: daemonLog } = service;
    return runTreeJob(
      { command, tree: exact ?? generation.tree, directory, environment: job.environment, signal, log },
      { spool, spawn, environment, lifetimeMs, graceMs, log: daemonLog, trees: this.#trees.roots() },
    );
  }

  /**
   * A tree without what other jobs of the client have declared, since anybody may get the result; undefined when the
   * result is not kept anyway.
   */
  async #exactTree(placed: Placed, name: ResultName | undefined): Promise<ExactTree | undefined> {
    const { job, session, generation, toolchain, uses } = placed;
    if (name === undefined) return undefined;
    const inputs = new Map(uses.map((number) => [number, session.input(number)]));
    const sight = { tree: generation.tree, inputs, directory: job.directory };
    const exact = session.exact.borrow(toolchain, sight);
    if (exact === undefined) return undefined;
    try {
      await inTurns(exact.show(sight), this.#line.signal);
      return exact;
    } catch {
      // A file system without links, or a full one. Who has gone is noticed by the compile.
      session.exact.giveBack(exact);
      return undefined;
    }
  }

  async #keep(
    { generation }: Placed,
    name: ResultName | undefined,
    exact: ExactTree | undefined,
    compiled: TreeCompiled,
  ): Promise<void> {
    const { results } = this.#trees;
    if (results === undefined || name === undefined || exact === undefined) return;
    results.counts.misses += 1;
    if (!results.isStill(name)) exact.spoil();
    await results.keep(name, compiled, (path) => generation.tree.onDisk(path));
  }
}
