import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { pathOf } from '../../system/byte-text.ts';
import { StartError } from '../../system/processes/reaper.ts';
import type { Toolchain } from '../../system/fence/toolchain.ts';
import type { TreeFolder } from '../../system/fence/tree-roots.ts';
import { readContents } from '../../wire/inputs/contents.ts';
import type { ArrivedContent } from '../../wire/inputs/contents.ts';
import { decodeDefinitions } from '../../wire/inputs/definitions.ts';
import { decodeNumbers } from '../../wire/inputs/numbers.ts';
import { readTreeJob } from '../../wire/inputs/tree-job.ts';
import type { ArrivedTreeJob } from '../../wire/inputs/tree-job.ts';
import { encodeNeed, encodeWelcome } from '../../wire/inputs/tree-reply.ts';
import { quoted } from '../../wire/quoted.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import type { Asked, Session } from '../inputs/session.ts';
import { knownCodecs } from '../inputs/unpack.ts';
import { endedWith, endedWithout } from '../job/job-end.ts';
import type { JobEnd } from '../job/job-end.ts';
import { notStarted } from '../job/job-folder.ts';
import { ResultFile } from '../job/result-file.ts';
import { runTreeJob } from '../job/run-tree-job.ts';
import type { TreeCompiled } from '../job/run-tree-job.ts';
import type { BudgetAccount } from '../limits/byte-budget.ts';
import { inTurns, turnTaker } from '../limits/in-turns.ts';
import { judgeTreeCommand } from '../policy/judge-command.ts';
import { ClientGone, Overdue, Refusal } from '../policy/refusal.ts';
import { refusalOfRoot } from '../policy/root-refusal.ts';
import type { TreeCommand } from '../policy/tree-command.ts';
import type { ClientLine } from './client-line.ts';
import { JobResult, letGo } from './job-result.ts';
import type { Kept, PlacedJob } from './job-result.ts';
import type { TreeService } from './service.ts';

/** Tree jobs are answered with the first version's form. */
const version = 1;

/** A job asks once as a rule; more rounds than this do not come of other connections that fail. */
const mostRounds = 32;

/** Why a compiler cannot be started; undefined when it can. */
function startErrorOf({ path }: TreeCommand): StartError | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return new StartError(path, error);
  }
}

/** Whether a client has closed its side. */
export const isEnd = (error: unknown): boolean =>
  error instanceof ClientGone || (error instanceof ProtocolError && error.kind === 'truncated');

/** A connection on which a client has a command compiled on its own files (doc/protocol.md, "Tree jobs"). */
export class TreeConversation {
  readonly #line: ClientLine;
  readonly #trees: TreeService;
  readonly #account: BudgetAccount;
  /** Whether the client has been told what is here: with that it may go elsewhere. */
  #welcomed = false;

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
      const { session, fresh } = sessions.enter(secret, line.connection.address, line);
      try {
        if (fresh) this.#welcome(session);
        return await this.#answer(await this.#readJob(session, fresh), session);
      } finally {
        sessions.leave(session, line);
      }
    } catch (error) {
      if (this.#welcomed && !line.begun && isEnd(error))
        return { ...endedWithout('OTHER', exitStatus.ok), unheard: true };
      const unread = error instanceof ProtocolError || error instanceof ClientGone || error instanceof Overdue;
      return unread && line.connection.stage === 'receiving' ? line.badRequest(error) : line.refuse(version, error);
    }
  }

  #welcome(session: Session): void {
    const { queue, known } = this.#line.service;
    const load = (queue.running + queue.waiting) / queue.slots;
    const { nonce } = session;
    session.told = known?.news ?? 0;
    this.#welcomed = true;
    const compilers = known?.all() ?? {};
    this.#line.send(encodeWelcome({ nonce, codecs: knownCodecs, slots: queue.slots, load, compilers }));
  }

  /** Whether the client has not heard what is known of compilers now, that of its job included. */
  #hasNews({ argv }: ArrivedTreeJob, session: Session): boolean {
    const { compilers, known } = this.#line.service;
    if (known === undefined) return false;
    const [asked = ''] = argv;
    const permission = compilers.permit(asked);
    if ('path' in permission) known.note(asked, permission);
    return session.told !== known.news;
  }

  /** Reads the job. One that was made for a session that is gone comes again, and one before which there is news. */
  async #readJob(session: Session, welcomed: boolean): Promise<ArrivedTreeJob> {
    const read = (): Promise<ArrivedTreeJob> => this.#line.receive(readTreeJob(), this.#account);
    const first = await read();
    const hasNews = this.#hasNews(first, session);
    const isOurs = first.nonce.equals(session.nonce);
    if (isOurs && !hasNews) return first;
    if (!welcomed || isOurs) this.#welcome(session);
    const second = await read();
    if (second.nonce.equals(session.nonce)) return second;
    throw new ProtocolError('malformed', 'a job has another nonce than its session, twice');
  }

  async #answer(job: ArrivedTreeJob, session: Session): Promise<JobEnd> {
    const { service, signal, log } = this.#line;
    const definitions = await inTurns(decodeDefinitions(job.definitions), signal);
    await inTurns(session.define(definitions), signal);
    if (job.garbled)
      throw new Refusal('not_utf8', 'a word of the command is not UTF-8: rename the file, or compile it locally');
    const directory = pathOf(job.directory);
    if (directory === undefined)
      throw new Refusal('not_utf8', `the directory ${quoted(job.directory)} is not UTF-8: rename it`);
    const command = await inTurns(judgeTreeCommand(job.argv, service), signal);
    const { source, output } = command.verdict;
    this.#line.record.name(command.name, source);
    log.say('a compile', 'info', `compile from ${basename(source)} to ${basename(output)}`);
    const lacking = startErrorOf(command);
    if (lacking !== undefined) return await this.#tellMissing(command, lacking);
    const toolchain = await this.#toolchain(command);
    const generation = session.enter(job.generation);
    try {
      const uses = decodeNumbers(job.uses, 'token "USES"');
      const placed = { job, session, command, toolchain, directory, generation, uses };
      await this.#take(job.data, placed);
      const result = new JobResult(this.#line, this.#trees, placed);
      const early = await result.find();
      try {
        if (early === undefined) await this.#lay(placed, definitions.length > 0);
        else if (definitions.length > 0) await this.#acknowledge();
      } catch (error) {
        // The client has gone, say.
        if (early !== undefined) letGo(early);
        throw error;
      }
      this.#account.complete = true;
      this.#account.close();
      this.#line.watchForEnd();
      // What has come by now shows what the client has.
      const kept = early ?? (result.isNamed ? undefined : await result.find());
      return kept === undefined ? await this.#compile(placed, result) : await this.#giveKept(placed, kept);
    } finally {
      session.leave(generation);
    }
  }

  /** Answers that the compiler is permitted and not installed, before anything is asked for. */
  async #tellMissing(command: TreeCommand, error: StartError): Promise<JobEnd> {
    this.#account.complete = true;
    this.#account.close();
    this.#line.watchForEnd();
    const answer = notStarted({ path: command.path, argv: [command.name] }, error, this.#line.log);
    await this.#line.giveBack({ ...answer, dependencies: ResultFile.empty }, version, { release: () => {} });
    return endedWith(answer.status, command.name, command.verdict.source);
  }

  async #giveKept({ command }: PlacedJob, { result, room }: Kept): Promise<JobEnd> {
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
  async #lay(placed: PlacedJob, defined: boolean): Promise<void> {
    const { job, session, generation, toolchain, directory, uses } = placed;
    const { signal } = this.#line;
    const lay = (numbers: readonly number[]): Promise<number[]> =>
      inTurns(session.lay(generation, toolchain, numbers), signal);
    let told = !defined;
    let lacking = await lay(uses);
    for (let round = 0; lacking.length > 0; round += 1) {
      if (round === mostRounds)
        throw new Refusal('client_files', 'other connections of this client do not bring what they were to');
      if (!(await session.prove(lacking))) {
        const { numbers: waited, over } = session.underWay(lacking);
        const wanted = session.withoutTwins(lacking.filter((number) => !waited.has(number)));
        if (wanted.length > 0) {
          const asked = session.ask(wanted);
          try {
            told = true;
            await this.#take(await this.#ask(wanted), placed, asked);
          } finally {
            asked.close();
          }
        } else {
          if (!told) await this.#acknowledge();
          told = true;
          await this.#line.during(over);
        }
      }
      lacking = await lay(lacking);
    }
    if (!toolchain.isShown(directory)) generation.tree.addWorkingDirectory(job.directory);
    if (!told) await this.#acknowledge();
  }

  /** Says that the definitions have been taken. The client says so too, and then nothing of it is under way. */
  async #acknowledge(): Promise<void> {
    await this.#ask([]);
  }

  /** Asks for contents, and reads all of them and nothing else. */
  async #ask(wanted: readonly number[]): Promise<readonly ArrivedContent[]> {
    this.#line.send(encodeNeed(wanted));
    const contents = await this.#line.receive(readContents(), this.#account);
    const due = new Set(wanted);
    for (const { number } of contents) {
      if (!due.delete(number)) throw new ProtocolError('malformed', `number ${number} came and was not asked for`);
    }
    const [first] = due;
    if (first !== undefined) throw new ProtocolError('malformed', `number ${first} was asked for and did not come`);
    return contents;
  }

  /** Keeps contents, and lays each at once, so that it stays. */
  async #take(contents: readonly ArrivedContent[], placed: PlacedJob, asked?: Asked): Promise<void> {
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

  async #compile(placed: PlacedJob, result: JobResult): Promise<JobEnd> {
    const { command } = placed;
    const line = this.#line;
    const release = await line.turn();
    try {
      // Somebody else may have had the same compile before it.
      const kept = await result.find();
      if (kept !== undefined) {
        release();
        return await this.#giveKept(placed, kept);
      }
      const compiled = await this.#run(placed, await result.tree());
      await line.giveBack(compiled, version, { release, keep: () => result.keep(compiled) });
      return { ...endedWith(compiled.status, command.name, command.verdict.source), refused: compiled.refused };
    } finally {
      release();
      result.close();
    }
  }

  #run({ job, command, generation, directory }: PlacedJob, exact: TreeFolder | undefined): Promise<TreeCompiled> {
    const { service, signal, log } = this.#line;
    const { places, spawn, lifetimeMs, graceMs, log: daemonLog } = service;
    const environment = this.#trees.environment();
    return runTreeJob(
      { command, tree: exact ?? generation.tree, directory, environment: job.environment, signal, log },
      { places, spawn, environment, lifetimeMs, graceMs, log: daemonLog, trees: this.#trees.roots() },
    );
  }
}
