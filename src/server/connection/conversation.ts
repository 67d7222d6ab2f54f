import { basename } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { encodeCaps } from '../../wire/inputs/caps.ts';
import type { Caps } from '../../wire/inputs/caps.ts';
import { readOpening } from '../../wire/inputs/opening.ts';
import type { Opening } from '../../wire/inputs/opening.ts';
import type { Grammar } from '../../wire/reading/decoder.ts';
import { readArrivingRequest } from '../../wire/request.ts';
import type { ArrivedRequest } from '../../wire/request.ts';
import type { BudgetAccount } from '../limits/byte-budget.ts';
import { inTurns } from '../limits/in-turns.ts';
import { judgeCommand } from '../policy/judge-command.ts';
import { Overdue, Refusal } from '../policy/refusal.ts';
import { endedWith, endedWithout } from '../job/job-end.ts';
import type { JobEnd } from '../job/job-end.ts';
import { runJob } from '../job/run-job.ts';
import { ClientLine } from './client-line.ts';
import type { LineClient } from './client-line.ts';
import type { ClientStream } from './client-stream.ts';
import type { Service, StopReasons } from './service.ts';
import { isEnd, TreeConversation } from './tree-conversation.ts';

/** What is offered where no client's own files are compiled. */
const noTrees: Caps = { tree: false, codecs: [], results: false, later: false };

/** What a client may begin with where there are no tree jobs. */
function* readRequestOnly(): Grammar<Opening> {
  return { kind: 'request', request: yield* readArrivingRequest() };
}

/** One client's connection, from its first byte to the end of its answer. */
export class Conversation {
  readonly #line: ClientLine;

  constructor(socket: ClientStream, service: Service, client: LineClient) {
    this.#line = new ClientLine(socket, service, client);
  }

  /** Holds the conversation to its end. Draining ends it unless the compiler has started; killing always does. */
  async hold(reasons: StopReasons): Promise<JobEnd> {
    const line = this.#line;
    const drain = (): void => {
      if (!line.works) line.end(reasons.drain.reason);
    };
    const kill = (): void => line.end(reasons.kill.reason);
    reasons.drain.addEventListener('abort', drain);
    reasons.kill.addEventListener('abort', kill);
    if (reasons.drain.aborted) drain();
    try {
      return await this.#receive();
    } finally {
      reasons.drain.removeEventListener('abort', drain);
      reasons.kill.removeEventListener('abort', kill);
      line.close();
    }
  }

  async #receive(): Promise<JobEnd> {
    const line = this.#line;
    const { budget, deadlines, trees } = line.service;
    line.limit(deadlines.receiving, () => new Overdue('the request took too long to arrive'));
    const account = line.open(budget);
    try {
      let opening;
      try {
        opening = await line.receive(trees === undefined ? readRequestOnly() : readOpening(), account);
      } catch (error) {
        return this.#badRequest(error);
      }
      if (opening.kind === 'session' && trees !== undefined) {
        return await new TreeConversation(line, trees, account).hold(opening.secret);
      }
      if (opening.kind === 'session') throw new Error('a session without tree jobs');
      const { request } = opening;
      account.complete = true;
      line.watchForEnd();
      return await this.#answer(request, account).catch((error: unknown) => line.refuse(request.version, error));
    } finally {
      account.close();
    }
  }

  #badRequest(error: unknown): JobEnd {
    if (isEnd(error) && !this.#line.heard) return { ...endedWithout('OTHER', exitStatus.truncated), unheard: true };
    return this.#line.badRequest(error);
  }

  async #answer(request: ArrivedRequest, account: BudgetAccount): Promise<JobEnd> {
    const { service, signal, log } = this.#line;
    if (request.version === 3) {
      throw new Refusal(
        'pump_mode',
        'this server does not serve the pump mode of distcc: write the host without ",cpp" in the list of hosts',
      );
    }
    if (request.garbled)
      throw new Refusal('not_utf8', 'a word of the command is not UTF-8: rename the file, or compile it locally');
    const command = await inTurns(judgeCommand(request.argv, service), signal);
    this.#line.record.name(command.argv[0] ?? '', command.source);
    log.say('a compile', 'info', `compile from ${basename(command.source)} to ${basename(command.object)}`);
    const [name = ''] = command.argv;
    service.known?.note(request.argv[0] ?? '', { name, path: command.path });
    const release = await this.#line.turn();
    try {
      const { source, version } = request;
      const sourceWritten = (): void => account.close();
      const compiled = await runJob({ command, source, sourceWritten, signal, log }, service);
      await this.#line.giveBack(compiled, version, {
        release,
        after: this.#offer(request.argv[0] ?? '', command.path),
      });
      return { ...endedWith(compiled.status, command.argv[0] ?? '', command.source), refused: compiled.refused };
    } finally {
      release();
    }
  }

  /** What the client is told after its answer, also of the compiler that it has named; nothing where that is nothing. */
  #offer(compiler: string, path: string): Buffer | undefined {
    const { trees, promise, known } = this.#line.service;
    const told = known?.told(compiler, path);
    const caps = trees?.offer ?? promise ?? (told === undefined ? undefined : noTrees);
    return caps === undefined ? undefined : encodeCaps({ ...caps, compiler: told });
  }
}
