import type { Socket } from 'node:net';
import { encodeCarry, encodeKeep, encodeMore, readAnswer, readReached } from '../../wire/agent/carry.ts';
import type { AnswerMessage, CarryMessage, KeptPart, Mark } from '../../wire/agent/carry.ts';
import { encodeCommand, encodeExit, readEnded, readFailed } from '../../wire/agent/command.ts';
import type { CommandMessage, EndedMessage } from '../../wire/agent/command.ts';
import {
  encodeAppend,
  encodeLook,
  encodeRead,
  encodeSave,
  encodeSaveAnswer,
  encodeSendText,
  encodeWrite,
  readContent,
  readFound,
  readSaved,
  saveFlags,
} from '../../wire/agent/file.ts';
import type { FileContent, FoundProgram, Kept } from '../../wire/agent/file.ts';
import {
  encodeFetch,
  encodeFollow,
  encodeCheckOutput,
  encodeStamp,
  readInput,
  readChecked,
  readTargets,
} from '../../wire/agent/inputs.ts';
import type { InputMessage, CheckedMessage } from '../../wire/agent/inputs.ts';
import { encodeGate } from '../../wire/agent/gate.ts';
import type { Gate } from '../../wire/agent/gate.ts';
import { encodeFrame, kinds } from '../../wire/agent/frame.ts';
import type { Frame } from '../../wire/agent/frame.ts';
import { Answers } from './answers.ts';
import { LauncherError } from './launcher-error.ts';
import { Outgoing } from './outgoing.ts';
import { Saves } from './saves.ts';

/** The most bytes that one WRITE message holds. */
const writePiece = 1024 * 1024;

/** What a program has answered: its raw wait status, and all that it wrote. */
export interface Probed {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** The process that the build system started, at the other end of its connection. */
export class Launcher {
  readonly #outgoing: Outgoing;
  readonly #gone = new AbortController();
  /** Programs that it was told to start; it runs one at a time, in order. */
  readonly #running = new Answers<EndedMessage>();
  readonly #texts = new Answers<Buffer>();
  readonly #carrying = new Answers<AnswerMessage>();
  readonly #contents = new Answers<FileContent>();
  readonly #found = new Answers<FoundProgram[]>();
  readonly #stamps = new Answers<Buffer>();
  readonly #inputs = new Answers<InputMessage>();
  readonly #targets = new Answers<readonly string[]>();
  readonly #checked = new Answers<CheckedMessage>();
  /** Waits that end when its connection closes: for what it became, and for saved files, by their number. */
  readonly #becoming = new Answers<void>();
  readonly #saves = new Saves();
  /** The launcher holds only what the last program wrote. */
  #probing: Promise<unknown> = Promise.resolve();
  #finished = false;
  /** Called when a mark is reached on the way to a host, if CARRY has asked for that. */
  reaches: (mark: Mark) => void = () => {};

  constructor(socket: Socket) {
    this.#outgoing = new Outgoing(socket);
  }

  /** Fires when it ends before its job is done: the user interrupted it, or it was killed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Handles one of its messages. One that cannot be read throws before any wait is resolved; close() then ends them
   * all.
   */
  hear({ kind, content }: Frame): void {
    switch (kind) {
      case kinds.ENDED:
        this.#end(readEnded(content));
        return;
      case kinds.FAILED:
        this.#becoming.fail(new LauncherError(readFailed(content)));
        return;
      case kinds.SAVED:
        if (!this.#saves.fail(readSaved(content))) return;
        this.#finished = false;
        this.#outgoing.say(encodeFrame(kinds.GO_ON));
        return;
      case kinds.TEXT:
        this.#texts.give(content);
        return;
      case kinds.ANSWER:
        this.#carrying.give(readAnswer(content));
        return;
      case kinds.CONTENT:
        this.#contents.give(readContent(content));
        return;
      case kinds.FOUND:
        this.#found.give(readFound(content));
        return;
      case kinds.STAMPS:
        this.#stamps.give(content);
        return;
      case kinds.INPUT:
        this.#inputs.give(readInput(content));
        return;
      case kinds.TARGETS:
        this.#targets.give(readTargets(content));
        return;
      case kinds.CHECKED:
        this.#checked.give(readChecked(content));
        return;
      case kinds.REACHED: {
        const mark = readReached(content);
        if (mark !== undefined) this.reaches(mark);
        return;
      }
      case kinds.PING:
        this.#outgoing.say(encodeFrame(kinds.PONG));
    }
  }

  #end(ended: EndedMessage): void {
    // A wait status has 16 bits; the upper half holds the errno of a program that could not be started.
    if (ended.status > 0xffff) this.#running.fail(new LauncherError(ended.status >>> 16));
    else this.#running.give(ended);
  }

  /** Its connection is closed: by the launcher itself, or by the end of the compiler that it became. */
  close(): void {
    const error = new Error('the launcher is gone');
    for (const answers of this.#questions()) answers.end(error);
    const became = this.#becoming.some;
    if (became) this.#becoming.give();
    this.#becoming.end(error);
    if (!became && !this.#finished) this.#gone.abort();
    this.#saves.end(this.#finished ? undefined : error);
  }

  /** What it owes an answer to before it can end. */
  #questions(): readonly Pick<Answers<unknown>, 'some' | 'end'>[] {
    return [
      this.#running,
      this.#texts,
      this.#carrying,
      this.#contents,
      this.#found,
      this.#stamps,
      this.#inputs,
      this.#targets,
      this.#checked,
    ];
  }

  /** Writes to one of its descriptors. */
  write(descriptor: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += writePiece)
      this.#outgoing.say(encodeWrite(descriptor, bytes.subarray(at, at + writePiece)));
  }

  /** Appends to the log file, the same one each time. */
  append(path: string, bytes: Buffer): void {
    this.#outgoing.say(encodeAppend(path, bytes));
  }

  /**
   * Has it start a program and wait, or (TAKE) read a file in place of a preprocessor's output.
   * @throws LauncherError
   */
  start(kind: 'PREPROCESS' | 'TAKE' | 'RUN' | 'PROBE', command: CommandMessage): Promise<EndedMessage> {
    this.#outgoing.say(encodeCommand(kind, command));
    return this.#running.wait();
  }

  /** Asks a program something, and leaves the text of the job alone. One at a time. @throws LauncherError */
  probe(command: Omit<CommandMessage, 'number' | 'source' | 'output'>): Promise<Probed> {
    const probed = this.#probing.then(async () => {
      const { status } = await this.start('PROBE', { number: 1, ...command });
      return { status, stdout: await this.sendText('found'), stderr: await this.sendText('remarks') };
    });
    this.#probing = probed.catch(() => {});
    return probed;
  }

  /** Has it send what the last preprocessor wrote, or what the host answered; an empty piece ends that. */
  async sendText(which: Kept = 'text'): Promise<Buffer> {
    this.#outgoing.say(encodeSendText(which));
    const pieces: Buffer[] = [];
    do pieces.push(await this.#texts.wait());
    while (pieces.at(-1)?.length !== 0);
    return Buffer.concat(pieces);
  }

  /** Shows what the last preprocessor wrote to stderr. */
  show(): void {
    this.#outgoing.say(encodeFrame(kinds.SHOW));
  }

  /** Has it read a file. */
  read(path: string): Promise<FileContent> {
    this.#outgoing.say(encodeRead(path));
    return this.#contents.wait();
  }

  /** Has it look for programs with these names. */
  look(path: string, names: readonly string[]): Promise<FoundProgram[]> {
    this.#outgoing.say(encodeLook(path, names));
    return this.#found.wait();
  }

  /**
   * Has it write a file. It obeys later messages, such as EXIT, only when that has worked; a file with `newName` is an
   * extra whose failure does not matter. Resolves when the launcher has ended.
   * @throws LauncherError, after which it takes other messages
   */
  save(path: string, bytes: Buffer, flags: number): Promise<void> {
    const { number, saved } = this.#saves.begin((flags & saveFlags.newName) === 0);
    this.#outgoing.say(encodeSave({ flags, number, path, bytes }));
    return saved;
  }

  /** As save(), with a part of the host's answer, which the launcher holds. */
  saveAnswer(path: string, part: KeptPart, flags: number): Promise<void> {
    const { number, saved } = this.#saves.begin(true);
    this.#outgoing.say(encodeSaveAnswer({ flags, number, path }, part));
    return saved;
  }

  /** Has it send a request to a host, if the gate is open, and fetch the answer; any other task cancels that. */
  carry(message: CarryMessage, gate?: Gate): Promise<AnswerMessage> {
    if (gate !== undefined) this.#outgoing.say(encodeGate(gate));
    this.#outgoing.say(encodeCarry(message));
    return this.#carrying.wait();
  }

  /** Has it send more to a host that has asked for something, and bring the answer back. */
  more(bytes: Buffer): Promise<AnswerMessage> {
    this.#outgoing.say(encodeMore(bytes));
    return this.#carrying.wait();
  }

  /** Has it look at absolute paths; gives a stamp for each (src/wire/agent/inputs.ts). */
  stamp(paths: Buffer): Promise<Buffer> {
    this.#outgoing.say(encodeStamp(paths));
    return this.#stamps.wait();
  }

  /** Has it look whether an output can be written, and is not the source. */
  checkOutput(source: string, output: string): Promise<CheckedMessage> {
    this.#outgoing.say(encodeCheckOutput(source, output));
    return this.#checked.wait();
  }

  /** Has it read whole files. */
  fetch(paths: readonly string[]): Promise<InputMessage[]> {
    if (paths.length === 0) return Promise.resolve([]);
    this.#outgoing.say(encodeFetch(paths));
    return Promise.all(paths.map(() => this.#inputs.wait()));
  }

  /** Has it read where links lead; undefined for what is not a link. */
  async follow(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    if (paths.length === 0) return [];
    this.#outgoing.say(encodeFollow(paths));
    const targets = await this.#targets.wait();
    return targets.map((target) => (target === '' ? undefined : target));
  }

  /** Gives it the body of the request that it is sending. */
  keep(body: Buffer): void {
    this.#outgoing.say(encodeKeep(body));
  }

  /** Has it become a program (exec); resolves when that has ended, in any way. @throws LauncherError */
  become(command: CommandMessage): Promise<void> {
    this.#outgoing.say(encodeCommand('EXEC', command));
    return this.#becoming.wait();
  }

  /** Ends it with a raw Unix wait status; to be called once. */
  exit(status: number): void {
    this.#finish(encodeExit(status));
  }

  /** Has it do the job with a private agent. */
  giveBack(): void {
    this.#finish(encodeFrame(kinds.PRIVATE));
  }

  /**
   * Closes the connection too, which costs less than waiting for the other end to close it. Not while an answer is
   * still due: a launcher that cannot send it takes the agent for dead and does the job again, before it reads EXIT.
   */
  #finish(bytes: Buffer): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#outgoing.say(bytes);
    if (!this.#saves.some && this.#questions().every(({ some }) => !some)) this.#outgoing.end();
  }
}
