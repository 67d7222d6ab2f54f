import type { Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { writeNow } from '../../system/descriptors/socket-descriptor.ts';
import { encodeCarry, encodeKeep, encodeMore, readAnswer } from '../../wire/agent/carry.ts';
import type { AnswerMessage, CarryMessage, KeptPart } from '../../wire/agent/carry.ts';
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
import { encodeFetch, encodeFollow, encodeStamp, readInput, readTargets } from '../../wire/agent/inputs.ts';
import type { InputMessage } from '../../wire/agent/inputs.ts';
import { encodeFrame, kinds } from '../../wire/agent/frame.ts';
import type { Frame } from '../../wire/agent/frame.ts';

/** A failed call of a launcher's; the message is the reason in the C library's words. */
export class LauncherError extends Error {
  /** The number of the error. */
  readonly errno: number;

  constructor(errorNumber: number) {
    const text = getSystemErrorMap().get(-errorNumber)?.[1] ?? `error ${errorNumber}`;
    super(text.charAt(0).toUpperCase() + text.slice(1));
    this.name = 'LauncherError';
    this.errno = errorNumber;
  }
}

/** Bytes for a descriptor go in messages of at most this length. */
const writePiece = 1024 * 1024;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

interface Saving extends Waiting<void> {
  /** Whether all that is said afterwards counts only when the file is saved. */
  readonly matters: boolean;
}

/**
 * Answers of one kind, which come in the order of the questions; one that has several parts may be quicker than who
 * waits for them.
 */
class Answers<T> {
  readonly #waiting: Waiting<T>[] = [];
  readonly #early: T[] = [];

  get some(): boolean {
    return this.#waiting.length > 0;
  }

  wait(): Promise<T> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(answer: T): void {
    const first = this.#waiting.shift();
    if (first !== undefined) first.resolve(answer);
    else this.#early.push(answer);
  }

  fail(error: Error): void {
    this.#waiting.shift()?.reject(error);
  }

  end(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** The process that the build system started, at the other end of its connection. */
export class Launcher {
  readonly #socket: Socket;
  readonly #gone = new AbortController();
  /** It runs one program at a time, in the order in which it was told. */
  readonly #running = new Answers<EndedMessage>();
  readonly #texts = new Answers<Buffer>();
  readonly #carrying = new Answers<AnswerMessage>();
  readonly #contents = new Answers<FileContent>();
  readonly #found = new Answers<FoundProgram[]>();
  readonly #stamps = new Answers<Buffer>();
  readonly #inputs = new Answers<InputMessage>();
  readonly #targets = new Answers<readonly string[]>();
  /** What it becomes, and what it saves by its number: these end with its connection. */
  readonly #becoming = new Answers<void>();
  readonly #saving = new Map<number, Saving>();
  #saves = 0;
  #finished = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Comes when it has gone before its job was done: the user interrupted it, or it was killed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Takes what it says; a message that cannot be read throws before anybody is forgotten, and close() then ends every
   * wait.
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
        this.#failSaving(readSaved(content));
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
      case kinds.PING:
        this.#say(encodeFrame(kinds.PONG));
    }
  }

  #end(ended: EndedMessage): void {
    // A wait status has 16 bits; above them stands why there is none.
    if (ended.status > 0xffff) this.#running.fail(new LauncherError(ended.status >>> 16));
    else this.#running.give(ended);
  }

  /** It has passed over what came after a file that matters: other files, and how to end. */
  #failSaving({ errno, number }: ReturnType<typeof readSaved>): void {
    const failed = this.#saving.get(number);
    if (failed?.matters === false) {
      this.#saving.delete(number);
      failed.reject(new LauncherError(errno));
      return;
    }
    this.#finished = false;
    this.#say(encodeFrame(kinds.GO_ON));
    for (const [other, { reject }] of this.#saving) {
      if (other < number) continue;
      this.#saving.delete(other);
      reject(new LauncherError(errno));
    }
  }

  /** Its connection is closed, by itself or, after it became a compiler, by that compiler's end. */
  close(): void {
    const error = new Error('the launcher is gone');
    for (const answers of this.#questions()) answers.end(error);
    const became = this.#becoming.some;
    if (became) this.#becoming.give();
    if (!became && !this.#finished) this.#gone.abort();
    for (const { resolve, reject } of this.#saving.values()) {
      if (this.#finished) resolve();
      else reject(error);
    }
    this.#saving.clear();
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
    ];
  }

  /** Writes to one of its descriptors. */
  write(descriptor: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += writePiece)
      this.#say(encodeWrite(descriptor, bytes.subarray(at, at + writePiece)));
  }

  /** Writes to the end of a file; always the same one. */
  append(path: string, bytes: Buffer): void {
    this.#say(encodeAppend(path, bytes));
  }

  /** Has it start a program and wait for it, or take a file in place of what a program writes. @throws LauncherError */
  start(kind: 'PREPROCESS' | 'TAKE' | 'RUN', command: CommandMessage): Promise<EndedMessage> {
    this.#say(encodeCommand(kind, command));
    return this.#running.wait();
  }

  /** Has it send what the last preprocessor wrote, or the host; an empty piece comes last. */
  async sendText(which: Kept = 'text'): Promise<Buffer> {
    this.#say(encodeSendText(which));
    const pieces: Buffer[] = [];
    do pieces.push(await this.#texts.wait());
    while (pieces.at(-1)?.length !== 0);
    return Buffer.concat(pieces);
  }

  /** Shows what the last preprocessor wrote to stderr. */
  show(): void {
    this.#say(encodeFrame(kinds.SHOW));
  }

  /** Has it read a file. */
  read(path: string): Promise<FileContent> {
    this.#say(encodeRead(path));
    return this.#contents.wait();
  }

  /** Has it look for programs with these names. */
  look(path: string, names: readonly string[]): Promise<FoundProgram[]> {
    this.#say(encodeLook(path, names));
    return this.#found.wait();
  }

  /**
   * Has it write a file. What it is told afterwards, as how to end, counts only when that has worked, except after a
   * file with a new name, which is the user's extra: the promise comes when it has ended.
   * @throws LauncherError, after which it can be told something else
   */
  save(path: string, bytes: Buffer, flags: number): Promise<void> {
    this.#saves += 1;
    const number = this.#saves;
    this.#say(encodeSave({ flags, number, path, bytes }));
    const matters = (flags & saveFlags.newName) === 0;
    return new Promise((resolve, reject) => this.#saving.set(number, { resolve, reject, matters }));
  }

  /** As save(), of a part of what a host has sent, which the launcher holds. */
  saveAnswer(path: string, part: KeptPart, flags: number): Promise<void> {
    this.#saves += 1;
    const number = this.#saves;
    this.#say(encodeSaveAnswer({ flags, number, path }, part));
    return new Promise((resolve, reject) => this.#saving.set(number, { resolve, reject, matters: true }));
  }

  /** Has it bring a request to a host and the answer back; any other task ends that. */
  carry(message: CarryMessage): Promise<AnswerMessage> {
    this.#say(encodeCarry(message));
    return this.#carrying.wait();
  }

  /** Has it send more to a host that has asked for something, and bring the answer back. */
  more(bytes: Buffer): Promise<AnswerMessage> {
    this.#say(encodeMore(bytes));
    return this.#carrying.wait();
  }

  /** Has it look at absolute paths; gives a stamp for each (src/wire/agent/inputs.ts). */
  stamp(paths: Buffer): Promise<Buffer> {
    this.#say(encodeStamp(paths));
    return this.#stamps.wait();
  }

  /** Has it read whole files. */
  fetch(paths: readonly string[]): Promise<InputMessage[]> {
    if (paths.length === 0) return Promise.resolve([]);
    this.#say(encodeFetch(paths));
    return Promise.all(paths.map(() => this.#inputs.wait()));
  }

  /** Has it read where links lead; undefined for what is not a link. */
  async follow(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    if (paths.length === 0) return [];
    this.#say(encodeFollow(paths));
    const targets = await this.#targets.wait();
    return targets.map((target) => (target === '' ? undefined : target));
  }

  /** Gives it the body that it waits for on its way to a host. */
  keep(body: Buffer): void {
    this.#say(encodeKeep(body));
  }

  /** Has it become a program; comes back when that has ended, however that was. @throws LauncherError */
  become(command: CommandMessage): Promise<void> {
    this.#say(encodeCommand('EXEC', command));
    return this.#becoming.wait();
  }

  /** Ends it with a raw Unix wait status; once. */
  exit(status: number): void {
    this.#finish(encodeExit(status));
  }

  /** Has it do the job with an agent of its own. */
  giveBack(): void {
    this.#finish(encodeFrame(kinds.PRIVATE));
  }

  /**
   * Closes the connection too, which costs less than to be woken by its other end. Not where a message is still to
   * come: a launcher that cannot send it takes us for dead, and does the job again before it reads how to end.
   */
  #finish(bytes: Buffer): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#say(bytes);
    if (this.#running.some || this.#texts.some || this.#contents.some || this.#saving.size > 0) return;
    setImmediate(() => {
      if (this.#socket.writableLength === 0) this.#socket.destroy();
      else this.#socket.destroySoon();
    });
  }

  #say(bytes: Buffer): void {
    if (!this.#socket.writable) return;
    const sent = this.#socket.writableLength === 0 ? writeNow(this.#socket, bytes) : 0;
    if (sent < bytes.length) this.#socket.write(bytes.subarray(sent));
  }
}
