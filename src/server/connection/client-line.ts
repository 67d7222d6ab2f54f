import type { Grammar } from '../../wire/reading/decoder.ts';
import { answerLength, closeAnswer, encodeAnswer, smallAnswer } from '../job/answer.ts';
import type { Compiled } from '../job/answer.ts';
import type { JobEnd } from '../job/job-end.ts';
import { JobRecord } from '../job/job-record.ts';
import type { BudgetAccount, ByteBudget } from '../limits/byte-budget.ts';
import type { Release } from '../limits/fair-queue.ts';
import type { OpenConnection, Stage } from '../limits/open-connections.ts';
import { PaceCheck } from '../limits/transfer-pace.ts';
import type { ClientLog } from '../log/log-limit.ts';
import { clientGone, Overdue, Refusal } from '../policy/refusal.ts';
import type { Overload } from '../policy/refusal.ts';
import type { ProtocolVersion } from '../../wire/protocol-version.ts';
import type { ClientStream } from './client-stream.ts';
import { failedRequestAnswer, unreadRequestAnswer } from './error-answer.ts';
import { receiveMessage } from './request-reader.ts';
import { Sending } from './send-answer.ts';
import type { Service } from './service.ts';

/** A client that waits for its answer reads it. One that reads nothing for this long, in ms, is given up. */
const unreadMs = 60_000;

/** Extra bytes after the request are the client's error and are ignored; more than this closes the connection. */
const surplusLimit = 64 * 1024;

const nothing: Buffer = Buffer.alloc(0);

/** Who is at the other end. */
export interface LineClient {
  /** The client's name in the log. */
  readonly name: string;
  readonly connection: OpenConnection;
  /** Left out where nobody looks. */
  readonly record?: JobRecord;
}

/** The way to one client, whatever it talks about; the reasons that end it early meet in its signal. */
export class ClientLine {
  readonly service: Service;
  readonly connection: OpenConnection;
  readonly name: string;
  readonly log: ClientLog;
  readonly record: JobRecord;
  readonly #socket: ClientStream;
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** What came after the last message that was read. */
  #rest: Buffer = nothing;
  #heard = false;
  #begun = false;
  /** Whether the answer has been sent: what happens to the connection afterwards does not matter. */
  #settled = false;

  constructor(socket: ClientStream, service: Service, { name, connection, record }: LineClient) {
    this.#socket = socket;
    this.service = service;
    this.connection = connection;
    this.name = name;
    this.record = record ?? new JobRecord(connection.address, performance.now());
    this.log = service.clientLog.of(connection.address);
    connection.end = (reason) => this.end(reason);
    socket.on('error', () => this.end(clientGone));
    socket.setTimeout(service.deadlines.silence, () => this.end(new Overdue('the client was silent for too long')));
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether a byte has come. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Whether something has come of the message that is being read. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether the compiler runs, or its answer is being sent. */
  get works(): boolean {
    return this.connection.stage === 'compiling' || this.connection.stage === 'answering';
  }

  #enter(stage: Stage): void {
    this.connection.stage = stage;
    this.record.enter(stage, performance.now());
  }

  /** Ends the conversation; only the first reason counts. */
  end(reason: unknown): void {
    this.#over.abort(reason);
  }

  /** Nothing is left to be ended. */
  close(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the conversation unless it is further after this many ms. The error is made then: its trace costs. */
  limit(milliseconds: number, error: () => Error): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(error()), milliseconds);
  }

  /** An account of memory or of room for files. When other clients need some of it, this conversation may be ended. */
  open(budget: ByteBudget): BudgetAccount {
    return budget.open(this.connection.address, (reason) => {
      // A job in stage "compiling" frees its memory soon by itself, when its source has been written to a file.
      if (this.connection.stage !== 'compiling') this.end(reason);
    });
  }

  /** Reads one message. @throws as receiveMessage() */
  async receive<T>(grammar: Grammar<T>, account: BudgetAccount): Promise<T> {
    const { budget, pace, deadlines } = this.service;
    this.#socket.setTimeout(deadlines.silence);
    this.#begun = this.#rest.length > 0;
    const { value, rest } = await receiveMessage(this.#socket, grammar, {
      account,
      largest: budget.largest,
      paceCheck: new PaceCheck(pace),
      signal: this.signal,
      heard: () => {
        this.#begun = true;
        this.#hear();
      },
      early: this.#rest,
    });
    this.#rest = rest;
    // Nothing is due until the next one is read, and nothing may be lost.
    this.#socket.pause();
    this.#socket.setTimeout(0);
    return value;
  }

  #hear(): void {
    if (this.#heard) return;
    this.#heard = true;
    this.record.heard(performance.now());
    this.log.say('a connection', 'info', `connection from ${this.name}`);
  }

  /** Sends a small message that is not an answer. */
  send(message: Buffer): void {
    this.#socket.write(message);
  }

  /** Waits for something else than the client, whose end is heard meanwhile. @throws the signal's reason */
  async during<T>(promise: Promise<T>): Promise<T> {
    const onData = (chunk: Buffer): void => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      if (this.#rest.length > surplusLimit) this.end(clientGone);
    };
    const gone = (): void => this.end(clientGone);
    this.#socket.on('data', onData).on('end', gone).on('close', gone).resume();
    if (this.#socket.readableEnded || this.#socket.destroyed) gone();
    let stop = (): void => {};
    const over = new Promise<never>((_, reject) => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a signal's reason is always an error here
      stop = (): void => reject(this.signal.reason);
      this.signal.addEventListener('abort', stop, { once: true });
      if (this.signal.aborted) stop();
    });
    try {
      return await Promise.race([promise, over]);
    } finally {
      this.signal.removeEventListener('abort', stop);
      this.#socket.off('data', onData).off('end', gone).off('close', gone).pause();
    }
  }

  /** Watches the client's side after the request: nothing may follow, and its end means that the client has gone. */
  watchForEnd(): void {
    let surplus = 0;
    const gone = (): void => {
      if (!this.#settled) this.end(clientGone);
    };
    const more = (chunk: Buffer): void => {
      if (surplus === 0)
        this.log.say('bytes after a request', 'error', `ignored extra data after the request of ${this.name}`);
      surplus += chunk.length;
      if (surplus > surplusLimit) gone();
    };
    this.#socket.setTimeout(0);
    this.#socket.on('data', more).on('end', gone).on('close', gone).resume();
    if (this.#rest.length > 0) more(this.#rest);
    this.#rest = nothing;
    if (this.#socket.readableEnded || this.#socket.destroyed) gone();
  }

  /** Waits for a slot. */
  async turn(): Promise<Release> {
    const { queue, deadlines } = this.service;
    const { signal } = this;
    this.#enter('waiting');
    this.limit(
      deadlines.waiting,
      () => new Refusal('no_slot', 'no slot became free in time: this server has too much to do'),
    );
    const putBack = (reason: Overload): void => this.end(reason);
    const release = await queue.enter({ client: this.connection.address, signal, putBack });
    this.#enter('compiling');
    // The compiler has its own time limit.
    clearTimeout(this.#timer);
    return release;
  }

  /** Room for the files of an answer that has no slot; undefined when there is none now. */
  roomFor(compiled: Compiled): BudgetAccount | undefined {
    const room = this.open(this.service.answerFiles);
    if (answerLength(compiled) <= smallAnswer || room.tryTake(answerLength(compiled))) return room;
    room.close();
    return undefined;
  }

  /**
   * Sends what was kept of an earlier compile, and lets go of it.
   * @param room of roomFor()
   */
  async giveKept(kept: Compiled, version: ProtocolVersion, room: BudgetAccount): Promise<void> {
    this.#enter('answering');
    try {
      await this.#sendAnswer({ ...kept, kept: true }, version);
    } finally {
      room.close();
      closeAnswer(kept);
    }
  }

  /**
   * Sends what the compiler left, and lets go of it; `after` it comes what the client need not read. The slot goes to
   * the next job, as soon as there is room for these files besides those of the jobs that run. Whether or not the
   * client takes it, `keep` can do something with it.
   */
  async giveBack(
    compiled: Compiled,
    version: ProtocolVersion,
    { release, after, keep }: { release: Release; after?: Buffer | undefined; keep?: () => Promise<void> },
  ): Promise<void> {
    this.#enter('answering');
    const room = this.open(this.service.answerFiles);
    let stopWaiting = (): void => {};
    try {
      const length = answerLength(compiled);
      if (length <= smallAnswer) release();
      else stopWaiting = room.wait(length, release);
      await this.#sendAnswer(compiled, version, after);
    } finally {
      stopWaiting();
      release();
      try {
        await keep?.();
      } finally {
        room.close();
        closeAnswer(compiled);
      }
    }
  }

  async #sendAnswer(compiled: Compiled, version: ProtocolVersion, after?: Buffer): Promise<void> {
    const memory = this.open(this.service.budget);
    const { signal } = this;
    try {
      await this.#sending().send(encodeAnswer(compiled, version, memory, signal), signal, after);
      this.#settled = true;
    } finally {
      memory.close();
    }
  }

  /** A request could not be read: there is nobody to explain it to. */
  badRequest(error: unknown): JobEnd {
    const { log, end } = unreadRequestAnswer(this.name, error);
    this.log.say(...log);
    return end;
  }

  /** Tells the client why it gets no object. */
  async refuse(version: ProtocolVersion, error: unknown): Promise<JobEnd> {
    const { log, answer, end } = failedRequestAnswer(this.name, version, error, this.signal.reason);
    this.log.say(...log);
    if (answer !== undefined) {
      this.#enter('answering');
      const sent = (): void => void (this.#settled = true);
      await this.#sending()
        .send(answer, this.signal)
        .then(sent, () => {});
    }
    return end;
  }

  #sending(): Sending {
    const { answering, silence } = this.service.deadlines;
    clearTimeout(this.#timer);
    return new Sending(
      this.#socket,
      { answering, silence: Math.min(silence, unreadMs) },
      new PaceCheck(this.service.pace),
    );
  }
}
