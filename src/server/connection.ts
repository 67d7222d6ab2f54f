import { basename } from 'node:path';
import { exitStatus } from '../basics/exit-status.ts';
import { reasonOf } from '../basics/failure.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { encodeRefusal } from '../wire/refusal.ts';
import type { ArrivedRequest } from '../wire/request.ts';
import { encodeResponse } from '../wire/response.ts';
import { exited } from '../wire/wait-status.ts';
import type { AccessList } from './access-list.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { ClientStream } from './client-stream.ts';
import type { FairQueue, Release } from './fair-queue.ts';
import { type CommandPolicy, judgeCommand } from './job-command.ts';
import type { JobStatistics } from './job-statistics.ts';
import { endedWith, endedWithout, type JobEnd } from './job-summary.ts';
import { runJob, type Workshop } from './job.ts';
import { ClientGone, clientGone, Overdue, Refusal } from './refusal.ts';
import { receiveRequest } from './request-reader.ts';

/** How long a connection may stay in each state, in ms. */
export interface Deadlines {
  /** From accept to the last byte of the request; a client may connect before its preprocessor is done. */
  readonly receiving: number;
  /** No byte in either direction while one is due. */
  readonly silence: number;
  readonly waiting: number;
  readonly answering: number;
}

/** Everything that serving a connection needs. */
export interface Service extends Workshop, CommandPolicy {
  readonly access: () => AccessList;
  readonly queue: FairQueue;
  readonly budget: ByteBudget;
  readonly deadlines: Deadlines;
  readonly statistics: JobStatistics;
}

/** Answers of so many bytes leave their slot to the next job while they are sent. */
const smallAnswer = 256 * 1024;

/** A client that is waiting for its answer reads it: one that takes nothing for so long, in ms, is as good as gone. */
const unreadMs = 60_000;

/** Why the daemon ends conversations: draining spares those whose compiler runs, killing does not. */
export interface StopReasons {
  readonly drain: AbortSignal;
  readonly kill: AbortSignal;
}

/** Bytes behind the request are an error of the client; more than this ends the connection. */
const surplusLimit = 64 * 1024;

/** One client's connection; the reasons that end it early meet in its signal. */
export class Conversation {
  readonly #socket: ClientStream;
  readonly #service: Service;
  readonly #address: string;
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** The compiler runs, or its answer is on the way. */
  #working = false;
  /** The answer is sent: whatever happens to the connection now is nobody's concern. */
  #settled = false;

  constructor(socket: ClientStream, service: Service, address: string) {
    this.#socket = socket;
    this.#service = service;
    this.#address = address;
    socket.on('error', () => this.#over.abort(clientGone));
    socket.setTimeout(service.deadlines.silence, () =>
      this.#over.abort(new Overdue('the client was silent for too long')),
    );
  }

  /** Goes through the conversation; draining ends it unless the compiler runs or has run, killing ends it anyhow. */
  async hold(reasons: StopReasons): Promise<JobEnd> {
    const drain = (): void => {
      if (!this.#working) this.#over.abort(reasons.drain.reason);
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

  async #receive(): Promise<JobEnd> {
    const { budget, deadlines } = this.#service;
    this.#limit(deadlines.receiving, new Overdue('the request took too long to arrive'));
    const account = budget.open(this.#address);
    try {
      let request;
      try {
        request = await receiveRequest(this.#socket, account, this.#over.signal);
      } catch (error) {
        return this.#badRequest(error);
      }
      this.#watchForEnd();
      return await this.#answer(request).catch((error: unknown) => this.#refuse(request, error));
    } finally {
      account.close();
    }
  }

  /** A request that could not be read: there is nobody to explain it to, so the connection is closed, as distcc does. */
  #badRequest(error: unknown): JobEnd {
    const { log } = this.#service;
    log.error(`${reasonOf(error)}, from ${this.#address}`);
    if (error instanceof ProtocolError) {
      switch (error.kind) {
        case 'refused':
        case 'malformed':
        case 'version':
        case 'too large':
          return endedWithout('REJ_BAD_REQ', exitStatus.protocol);
        case 'truncated':
          return endedWithout('OTHER', exitStatus.truncated);
        case 'compression':
          return endedWithout('CLI_DISCONN', exitStatus.inputOutput);
      }
    }
    return error instanceof ClientGone
      ? endedWithout('CLI_DISCONN', exitStatus.inputOutput)
      : endedWithout('OTHER', exitStatus.timeout);
  }

  /** Nothing may follow the request; the end of the client's side means that nobody waits any more. */
  #watchForEnd(): void {
    let surplus = 0;
    const gone = (): void => {
      if (!this.#settled) this.#over.abort(clientGone);
    };
    this.#socket.setTimeout(0);
    this.#socket.on('data', (chunk: Buffer) => {
      if (surplus === 0) this.#service.log.error(`the client ${this.#address} sent bytes behind its request: ignored`);
      surplus += chunk.length;
      if (surplus > surplusLimit) gone();
    });
    this.#socket.on('end', gone).on('close', gone);
    if (this.#socket.readableEnded || this.#socket.destroyed) gone();
  }

  async #answer(request: ArrivedRequest): Promise<JobEnd> {
    const { log } = this.#service;
    if (request.version === 3) {
      throw new Refusal('this server does not preprocess: write the host without ",cpp" in the list of hosts');
    }
    if (request.garbled)
      throw new Refusal('a word of the command is not UTF-8: rename the file, or compile it locally');
    const command = judgeCommand(request.argv, this.#service);
    log.info(`compile from ${basename(command.source)} to ${basename(command.object)}`);
    const release = await this.#turn();
    try {
      const compiled = await runJob(command, request.unpackSource, this.#over.signal, this.#service);
      const size = compiled.object.length + compiled.stderr.length + compiled.stdout.length;
      // A large answer keeps its slot, so that clients who do not read cannot have us hold more of them than there are slots.
      if (size <= smallAnswer) release();
      await this.#send(encodeResponse({ version: request.version, ...compiled }));
      return endedWith(compiled.status, command.argv[0] ?? '', command.source);
    } finally {
      release();
    }
  }

  /** Waits for a slot. */
  async #turn(): Promise<Release> {
    const { queue, deadlines } = this.#service;
    this.#limit(deadlines.waiting, new Refusal('no slot became free in time: this server has too much to do'));
    const release = await queue.enter(this.#address, this.#over.signal);
    this.#working = true;
    // The compiler has a limit of its own.
    clearTimeout(this.#timer);
    return release;
  }

  /** Tells the client why not, in a form that makes every distcc go on with the next host or locally. */
  async #refuse(request: ArrivedRequest, error: unknown): Promise<JobEnd> {
    const { log } = this.#service;
    if (error instanceof ClientGone) {
      log.error(`client ${this.#address} disconnected: killed its job`);
      return endedWithout('CLI_DISCONN', exitStatus.inputOutput);
    }
    if (error instanceof Overdue) {
      log.error(`${error.message}: killed the job of ${this.#address}`);
      return this.#tooLong(request, error);
    }
    if (error instanceof ProtocolError) return this.#badRequest(error);
    const foreseen = error instanceof Refusal;
    const sentence = foreseen ? error.message : `this server could not do the job: ${reasonOf(error)}`;
    if (foreseen) log.warning(`refused a job of ${this.#address}: ${sentence}`);
    else
      log.error(
        `lost a job of ${this.#address}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    await this.#send(encodeRefusal(request.version, sentence)).catch(() => undefined);
    return endedWithout('OTHER', foreseen ? exitStatus.ok : exitStatus.general);
  }

  /** distcc's answer to a compile that takes too long: status 118. */
  async #tooLong(request: ArrivedRequest, error: Overdue): Promise<JobEnd> {
    const status = exited(exitStatus.timeout);
    const nothing = Buffer.alloc(0);
    const stderr = Buffer.from(`distccd: ${error.message}: the limit is --job-lifetime on the server\n`);
    const answer = encodeResponse({ version: request.version, status, stderr, stdout: nothing, object: nothing });
    await this.#send(answer).catch(() => undefined);
    return endedWithout('COMPILE_TIMEOUT', exitStatus.timeout);
  }

  /** Sends the answer whole and ends our side; whoever ends the conversation ends this too. */
  #send(chunks: readonly Buffer[]): Promise<void> {
    const { answering, silence } = this.#service.deadlines;
    clearTimeout(this.#timer);
    const { signal } = this.#over;
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        this.#socket.destroy();
        reject(clientGone);
      };
      this.#timer = setTimeout(fail, answering);
      this.#socket.setTimeout(Math.min(silence, unreadMs), fail);
      this.#socket.once('close', fail);
      signal.addEventListener('abort', fail, { once: true });
      this.#socket.cork();
      for (const chunk of chunks) this.#socket.write(chunk);
      this.#socket.end((error?: Error | null) => {
        if (error) return;
        this.#socket.off('close', fail);
        signal.removeEventListener('abort', fail);
        this.#settled = true;
        resolve();
      });
      this.#socket.uncork();
    });
  }

  #limit(milliseconds: number, error: Error): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#over.abort(error), milliseconds);
  }
}
