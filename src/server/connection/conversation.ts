import { basename } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';

import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import type { ArrivedRequest } from '../../wire/request.ts';
import { answerLength, closeAnswer, encodeAnswer, smallAnswer } from '../job/answer.ts';
import type { Compiled } from '../job/answer.ts';
import type { BudgetAccount, ByteBudget } from '../limits/byte-budget.ts';
import type { ClientStream } from './client-stream.ts';
import type { Release } from '../limits/fair-queue.ts';
import type { OpenConnection } from '../limits/open-connections.ts';
import { inTurns } from '../limits/in-turns.ts';
import { judgeCommand } from '../policy/judge-command.ts';
import { endedWith, endedWithout } from '../job/job-end.ts';
import type { JobEnd } from '../job/job-end.ts';
import { runJob } from '../job/run-job.ts';
import type { ClientLog } from '../log/log-limit.ts';
import { Progress } from '../limits/progress.ts';
import { ClientGone, clientGone, Overdue, Refusal } from '../policy/refusal.ts';
import type { Overload } from '../policy/refusal.ts';
import { farewellToRequest, farewellToUnread } from './farewell.ts';
import { receiveRequest } from './request-reader.ts';
import { Sending } from './send-answer.ts';
import type { Service, StopReasons } from './service.ts';

/**
 * A client that is waiting for its answer reads it: one that takes nothing for this long, in ms, is as good as gone.
 */
const unreadMs = 60_000;

/** Bytes after the request are an error of the client; more than this ends the connection. */
const surplusLimit = 64 * 1024;

/** One client's connection; the reasons that end it early meet in its signal. */
export class Conversation {
  readonly #socket: ClientStream;
  readonly #service: Service;
  readonly #connection: OpenConnection;
  /** The client, as the log names it. */
  readonly #name: string;
  readonly #log: ClientLog;
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #heard = false;

  constructor(
    socket: ClientStream,
    service: Service,
    { name, connection }: { readonly name: string; readonly connection: OpenConnection },
  ) {
    this.#socket = socket;
    this.#service = service;
    this.#connection = connection;
    this.#name = name;
    this.#log = service.clientLog.of(connection.address);
    connection.end = (reason) => this.#over.abort(reason);
    socket.on('error', () => this.#over.abort(clientGone));
    socket.setTimeout(service.deadlines.silence, () =>
      this.#over.abort(new Overdue('the client was silent for too long')),
    );
  }

  /** Whether the compiler runs, or its answer is on the way. */
  get #works(): boolean {
    return this.#connection.stage === 'compiling' || this.#connection.stage === 'answering';
  }

  /** Goes through the conversation; draining ends it unless the compiler runs or has run, killing ends it anyhow. */
  async hold(reasons: StopReasons): Promise<JobEnd> {
    const drain = (): void => {
      if (!this.#works) this.#over.abort(reasons.drain.reason);
    };
    const kill = (): void => this.#over.abort(reasons.kill.reason);
    reasons.drain.addEventListener('abort', drain);
    reasons.kill.addEventListener('abort', kill);
    if (reasons.drain.aborted) drain();
    try {
      return await this.#receive();
    } finally {
      reasons.drain.removeEventListener('abort', drain);
      reasons.kill.removeEventListener('abort', kill);
      clearTimeout(this.#timer);
    }
  }

  /** Memory, or room for files, of which others may need some. */
  #open(budget: ByteBudget): BudgetAccount {
    return budget.open(this.#connection.address, (reason) => {
      // A source is about to be in its file.
      if (this.#connection.stage !== 'compiling') this.#over.abort(reason);
    });
  }

  async #receive(): Promise<JobEnd> {
    const { budget, deadlines, pace } = this.#service;
    this.#limit(deadlines.receiving, new Overdue('the request took too long to arrive'));
    const account = this.#open(budget);
    try {
      let request;
      try {
        const progress = new Progress(pace);
        const { largest } = budget;
        const heard = (): void => this.#hear();
        request = await receiveRequest(this.#socket, { account, largest, progress, signal: this.#over.signal, heard });
      } catch (error) {
        return this.#badRequest(error);
      }
      account.complete = true;
      this.#watchForEnd();
      return await this.#answer(request, account).catch((error: unknown) => this.#refuse(request, error));
    } finally {
      account.close();
    }
  }

  #hear(): void {
    this.#heard = true;
    this.#log.say('a connection', 'info', `connection from ${this.#name}`);
  }

  #badRequest(error: unknown): JobEnd {
    const closed = error instanceof ClientGone || (error instanceof ProtocolError && error.kind === 'truncated');
    if (closed && !this.#heard) return { ...endedWithout('OTHER', exitStatus.truncated), unheard: true };
    const { log, end } = farewellToUnread(this.#name, error);
    this.#log.say(...log);
    return end;
  }

  /** Nothing may follow the request; the end of the client's side means that nobody waits any more. */
  #watchForEnd(): void {
    let surplus = 0;
    // After the answer nobody hears of it any more.
    const gone = (): void => this.#over.abort(clientGone);
    this.#socket.setTimeout(0);
    this.#socket.on('data', (chunk: Buffer) => {
      if (surplus === 0)
        this.#log.say('bytes after a request', 'error', `ignored extra data after the request of ${this.#name}`);
      surplus += chunk.length;
      if (surplus > surplusLimit) gone();
    });
    this.#socket.on('end', gone).on('close', gone);
    if (this.#socket.readableEnded || this.#socket.destroyed) gone();
  }

  async #answer(request: ArrivedRequest, account: BudgetAccount): Promise<JobEnd> {
    if (request.version === 3) {
      throw new Refusal(
        'this server does not serve the pump mode of distcc: write the host without ",cpp" in the list of hosts',
      );
    }
    if (request.garbled)
      throw new Refusal('a word of the command is not UTF-8: rename the file, or compile it locally');
    const command = await inTurns(judgeCommand(request.argv, this.#service), this.#over.signal);
    this.#log.say('a compile', 'info', `compile from ${basename(command.source)} to ${basename(command.object)}`);
    const release = await this.#turn();
    try {
      const { source } = request;
      const { signal } = this.#over;
      const sourceWritten = (): void => account.close();
      const compiled = await runJob({ command, source, sourceWritten, signal, log: this.#log }, this.#service);
      try {
        await this.#giveBack(compiled, request.version, release);
      } finally {
        closeAnswer(compiled);
      }
      return endedWith(compiled.status, command.argv[0] ?? '', command.source);
    } finally {
      release();
    }
  }

  /** Waits for a slot. */
  async #turn(): Promise<Release> {
    const { queue, deadlines } = this.#service;
    const { signal } = this.#over;
    this.#connection.stage = 'waiting';
    this.#limit(deadlines.waiting, new Refusal('no slot became free in time: this server has too much to do'));
    const putBack = (reason: Overload): void => this.#over.abort(reason);
    const release = await queue.enter({ client: this.#connection.address, signal, putBack });
    this.#connection.stage = 'compiling';
    // The compiler has a limit of its own.
    clearTimeout(this.#timer);
    return release;
  }

  /**
   * Sends what the compiler left. The slot goes to the next job, as soon as there is room for these files besides those
   * of the jobs that run.
   */
  async #giveBack(compiled: Compiled, version: ArrivedRequest['version'], release: Release): Promise<void> {
    const { budget, answerFiles } = this.#service;
    const { signal } = this.#over;
    this.#connection.stage = 'answering';
    const room = this.#open(answerFiles);
    const memory = this.#open(budget);
    let stopWaiting = (): void => {};
    try {
      const length = answerLength(compiled);
      if (length <= smallAnswer) release();
      else stopWaiting = room.wait(length, release);
      await this.#sending().send(encodeAnswer(compiled, version, memory, signal), signal);
    } finally {
      stopWaiting();
      room.close();
      memory.close();
    }
  }

  /** Tells the client why it gets no object. */
  async #refuse({ version }: ArrivedRequest, error: unknown): Promise<JobEnd> {
    const { log, answer, end } = farewellToRequest(this.#name, version, error, this.#over.signal.reason);
    this.#log.say(...log);
    if (answer !== undefined) {
      this.#connection.stage = 'answering';
      await this.#sending()
        .send(answer, this.#over.signal)
        .catch(() => {});
    }
    return end;
  }

  #sending(): Sending {
    const { answering, silence } = this.#service.deadlines;
    clearTimeout(this.#timer);
    return new Sending(
      this.#socket,
      { answering, silence: Math.min(silence, unreadMs) },
      new Progress(this.#service.pace),
    );
  }

  #limit(milliseconds: number, error: Error): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#over.abort(error), milliseconds);
  }
}
