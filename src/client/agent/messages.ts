import { ProtocolError } from '../../wire/protocol-error.ts';

/**
 * The kinds of messages between the launcher and the agent, both on this machine: `src/launcher/launcher.h` has the same numbers. A message
 * is its kind, the length of what follows, and that; all numbers are 32 bits, least byte first. Names, words, paths and variables are bytes:
 * a text here has one character for each byte of them (latin1).
 */
export const kinds = {
  // From the launcher.
  JOB: 1,
  ENDED: 2,
  FAILED: 3,
  TEXT: 4,
  // From a program that asks about the agent itself.
  ASK: 5,
  CONTENT: 6,
  FOUND: 7,
  SAVED: 8,
  PING: 9,
  ANSWER: 10,
  // From the agent.
  WRITE: 16,
  PREPROCESS: 17,
  RUN: 18,
  EXEC: 19,
  EXIT: 20,
  PRIVATE: 21,
  REPORT: 22,
  SEND_TEXT: 23,
  SHOW: 24,
  READ: 25,
  LOOK: 26,
  SAVE: 27,
  APPEND: 28,
  GO_ON: 29,
  PONG: 30,
  TAKE: 31,
  CARRY: 32,
  SAVE_ANSWER: 33,
} as const;

/** What a launcher may send at most in one message, in bytes: an argument list of Linux fits several times. */
export const longestMessage = 64 * 1024 * 1024;

const headerLength = 8;

/** A message whose content has not been looked at. */
export interface Frame {
  readonly kind: number;
  readonly content: Buffer;
}

/** Cuts a stream of bytes into messages, however they arrive. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  feed(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next message that is complete. @throws ProtocolError */
  next(): Frame | undefined {
    if (this.#length < headerLength) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < headerLength) this.#chunks = [Buffer.concat(this.#chunks)];
    const [first = Buffer.alloc(0)] = this.#chunks;
    const length = first.readUInt32LE(4);
    if (length > longestMessage) throw new ProtocolError('too large', `a message of ${length} bytes`);
    if (this.#length < headerLength + length) return undefined;
    const all = this.rest();
    if (all.length > headerLength + length) this.feed(all.subarray(headerLength + length));
    return { kind: all.readUInt32LE(0), content: all.subarray(headerLength, headerLength + length) };
  }

  /** What has arrived after the last message. */
  rest(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return all;
  }
}

/** Puts the header before a message's content. */
export function encodeFrame(kind: number, ...content: readonly Buffer[]): Buffer {
  let length = 0;
  for (const part of content) length += part.length;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame.writeUInt32LE(kind, 0);
  frame.writeUInt32LE(length, 4);
  let at = headerLength;
  for (const part of content) at += part.copy(frame, at);
  return frame;
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * at);
  return bytes;
}

function numberAt(content: Buffer, at: number): number {
  if (content.length < 4 * at + 4)
    throw new ProtocolError('malformed', `a message of ${content.length} bytes is too short`);
  return content.readUInt32LE(4 * at);
}

/** 64 bits, which an inode or a size never needs all of. */
const wideAt = (content: Buffer, at: number): number => numberAt(content, at) + numberAt(content, at + 1) * 2 ** 32;

const terminated = (words: readonly string[]): Buffer =>
  Buffer.from(words.map((word) => `${word}\0`).join(''), 'latin1');

/** Exactly `count` strings, each with a NUL after it. */
function splitStrings(bytes: Buffer, count: number): string[] {
  const words = bytes.toString('latin1').split('\0');
  if (words.pop() !== '' || words.length !== count) {
    throw new ProtocolError('malformed', `a message with ${words.length} strings in place of ${count}`);
  }
  return words;
}

/** Where a process lives: its namespaces of mounts, users and network, and the device and inode of its root; 0 for what cannot be told. */
export type Surroundings = readonly [mounts: number, users: number, network: number, device: number, inode: number];

/** What a launcher was called for. */
export interface JobMessage {
  readonly pid: number;
  readonly umask: number;
  /** Which of stdin, stdout and stderr are terminals. */
  readonly terminals: readonly [stdin: boolean, stdout: boolean, stderr: boolean];
  readonly surroundings: Surroundings;
  /** Empty when it has been removed. */
  readonly directory: string;
  /** The name that distcc was called by, and the words after it. */
  readonly words: readonly string[];
  /** NAME=value. */
  readonly variables: readonly string[];
  readonly hosts: HostsFile;
}

/** The file that lists hosts: empty names one that is not there, or that no variable leaves to be read. */
export interface HostsFile {
  readonly path: string;
  readonly text: string;
  /** The number of the error for which it could not be read, or 0. */
  readonly error: number;
}

const jobNumbers = 8 * 4 + 5 * 8;

/**
 * JOB: pid, umask, terminals as bits, counts of words and variables, bytes of the names, bytes of the variables, the error of the list of
 * hosts; the surroundings with 64 bits each; then directory, words, path of the list, variables, and the text of the list.
 */
export function encodeJob(job: JobMessage): Buffer {
  const names = terminated([job.directory, ...job.words, job.hosts.path]);
  const variables = terminated(job.variables);
  const surroundings = Buffer.alloc(40);
  for (const [at, value] of job.surroundings.entries()) surroundings.writeBigUInt64LE(BigInt(value), 8 * at);
  const bits = job.terminals.reduce((sum, is, at) => sum + (is ? 1 << at : 0), 0);
  return encodeFrame(
    kinds.JOB,
    numbers(job.pid, job.umask, bits, job.words.length, job.variables.length),
    numbers(names.length, variables.length, job.hosts.error),
    surroundings,
    names,
    variables,
    Buffer.from(job.hosts.text, 'latin1'),
  );
}

/** The variables of the job before: most jobs of a build come with the same. */
let last: { readonly bytes: Buffer; readonly variables: readonly string[] } | undefined;

function readVariables(bytes: Buffer, count: number): readonly string[] {
  if (last?.bytes.equals(bytes) !== true) last = { bytes: Buffer.from(bytes), variables: splitStrings(bytes, count) };
  return last.variables;
}

/** Reads JOB; jobs that come with the same variables share the list of them. @throws ProtocolError */
export function readJob(content: Buffer): JobMessage {
  const [words, variables] = [numberAt(content, 3), numberAt(content, 4)];
  const namesEnd = jobNumbers + numberAt(content, 5);
  const variablesEnd = namesEnd + numberAt(content, 6);
  const bits = numberAt(content, 2);
  if (words === 0) throw new ProtocolError('malformed', 'a job without a word');
  if (variablesEnd > content.length) throw new ProtocolError('malformed', 'a job whose names are not there');
  const wide = (at: number): number => wideAt(content, 8 + 2 * at);
  const [directory = '', ...given] = splitStrings(content.subarray(jobNumbers, namesEnd), 2 + words);
  const path = given.pop() ?? '';
  return {
    pid: numberAt(content, 0),
    umask: numberAt(content, 1),
    terminals: [(bits & 1) !== 0, (bits & 2) !== 0, (bits & 4) !== 0],
    surroundings: [wide(0), wide(1), wide(2), wide(3), wide(4)],
    directory,
    words: given,
    variables: readVariables(content.subarray(namesEnd, variablesEnd), variables),
    hosts: { path, text: content.toString('latin1', variablesEnd), error: numberAt(content, 7) },
  };
}

/** A file by its device and inode; 0 and 0 when there is none. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** How a program that a launcher was told to start has ended. */
export interface EndedMessage {
  /** Its raw Unix wait status, or 65536 times the number of the error for which it could not be started. */
  readonly status: number;
  /** Of a preprocessor: the launcher's descriptor for what it wrote, and the inode and size of that. */
  readonly descriptor: number;
  readonly inode: number;
  readonly size: number;
  /** How many bytes it wrote to stderr. */
  readonly messages: number;
  /** Whether the output is the source, and whether a compiler could not write it. */
  readonly outputIsSource: boolean;
  readonly noPlace: boolean;
  /** What was started. */
  readonly program: FileIdentity;
}

/** ENDED: status, descriptor, bytes of messages, bits about the output, then inode, size, device and inode of the program with 64 bits each. */
export function encodeEnded(ended: EndedMessage): Buffer {
  const { program } = ended;
  const wide = Buffer.alloc(32);
  for (const [at, value] of [ended.inode, ended.size, program.device, program.inode].entries())
    wide.writeBigUInt64LE(BigInt(value), 8 * at);
  const output = (ended.outputIsSource ? 1 : 0) + (ended.noPlace ? 2 : 0);
  return encodeFrame(kinds.ENDED, numbers(ended.status, ended.descriptor, ended.messages, output), wide);
}

/** Reads ENDED. @throws ProtocolError */
export function readEnded(content: Buffer): EndedMessage {
  const output = numberAt(content, 3);
  return {
    status: numberAt(content, 0),
    descriptor: numberAt(content, 1),
    messages: numberAt(content, 2),
    outputIsSource: (output & 1) !== 0,
    noPlace: (output & 2) !== 0,
    inode: wideAt(content, 4),
    size: wideAt(content, 6),
    program: { device: wideAt(content, 8), inode: wideAt(content, 10) },
  };
}

/** FAILED: the number of the error for which the launcher could not become a program. */
export function encodeFailed(errorNumber: number): Buffer {
  return encodeFrame(kinds.FAILED, numbers(errorNumber));
}

/** Reads FAILED. @throws ProtocolError */
export function readFailed(content: Buffer): number {
  return numberAt(content, 0);
}

/** SAVED: the number of the error for which the launcher could not write a file, and the number that SAVE had. */
export function encodeSaved(errorNumber: number, number: number): Buffer {
  return encodeFrame(kinds.SAVED, numbers(errorNumber, number));
}

/** Reads SAVED. @throws ProtocolError */
export function readSaved(content: Buffer): { readonly errno: number; readonly number: number } {
  return { errno: numberAt(content, 0), number: numberAt(content, 1) };
}

/** What may be asked of an agent. */
export const questions = { status: 1, stop: 2 } as const;

/** ASK: the question. */
export function encodeAsk(question: keyof typeof questions): Buffer {
  return encodeFrame(kinds.ASK, numbers(questions[question]));
}

/** Reads ASK; undefined for a question of another version. @throws ProtocolError */
export function readAsk(content: Buffer): keyof typeof questions | undefined {
  const asked = numberAt(content, 0);
  if (asked === questions.status) return 'status';
  return asked === questions.stop ? 'stop' : undefined;
}

/** REPORT: text in answer to a question. */
export function encodeReport(text: string): Buffer {
  return encodeFrame(kinds.REPORT, Buffer.from(text));
}

/** WRITE: a descriptor, and the bytes for it. */
export function encodeWrite(descriptor: number, bytes: Buffer): Buffer {
  return encodeFrame(kinds.WRITE, numbers(descriptor), bytes);
}

/** APPEND: a path, and the bytes for the end of that file. */
export function encodeAppend(path: string, bytes: Buffer): Buffer {
  return encodeFrame(kinds.APPEND, terminated([path]), bytes);
}

/** A command for the launcher. */
export interface CommandMessage {
  /**
   * PREPROCESS and RUN: 1 for a process group of its own; EXEC: 0, or the first of the launcher's own words that follow
   * argv[0] in place of the others.
   */
  readonly number: number;
  /** The program, which is looked for in PATH, and its words. */
  readonly argv: readonly string[];
  /** How its environment differs from the launcher's: NAME=value, or NAME for a variable that is taken away. */
  readonly changes: readonly string[];
  /** PREPROCESS and TAKE: the source, and the output of the job; empty when there is none to look at. */
  readonly source?: string;
  readonly output?: string;
}

/** PREPROCESS, TAKE, RUN and EXEC: number, counts of words and changes, then words, changes, source, output. */
export function encodeCommand(kind: 'PREPROCESS' | 'TAKE' | 'RUN' | 'EXEC', command: CommandMessage): Buffer {
  const { number, argv, changes, source = '', output = '' } = command;
  return encodeFrame(
    kinds[kind],
    numbers(number, argv.length, changes.length),
    terminated([...argv, ...changes, source, output]),
  );
}

/** Reads PREPROCESS, TAKE, RUN and EXEC. @throws ProtocolError */
export function readCommand(content: Buffer): CommandMessage {
  const [argc, changes] = [numberAt(content, 1), numberAt(content, 2)];
  const words = splitStrings(content.subarray(12), argc + changes + 2);
  const [source = '', output = ''] = words.slice(argc + changes);
  return {
    number: numberAt(content, 0),
    argv: words.slice(0, argc),
    changes: words.slice(argc, argc + changes),
    source,
    output,
  };
}

/** EXIT: the raw Unix wait status that the launcher ends with, as if it were that process. */
export function encodeExit(status: number): Buffer {
  return encodeFrame(kinds.EXIT, numbers(status));
}

/** READ: the name of a file. */
export function encodeRead(path: string): Buffer {
  return encodeFrame(kinds.READ, terminated([path]));
}

/** One file that the launcher was asked for: its bytes, at most 1 MiB of them, or the number of the error. */
export type FileContent = { readonly error: 0; readonly bytes: Buffer } | { readonly error: number };

/** Reads CONTENT: the number of an error or 0, the length, the bytes. @throws ProtocolError */
export function readContent(content: Buffer): FileContent {
  const [error, length] = [numberAt(content, 0), numberAt(content, 1)];
  if (content.length !== 8 + length) throw new ProtocolError('malformed', 'a file of another length than told');
  return error === 0 ? { error: 0, bytes: content.subarray(8) } : { error };
}

/** How a file is written: links are followed as by a program that opens it by name; it must not be there yet. */
export const saveFlags = { throughLinks: 1, newName: 2 } as const;

/** A file for the launcher to write. */
export interface SaveMessage {
  readonly flags: number;
  /** By which SAVED names it. */
  readonly number: number;
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * SAVE: flags, a number, the length of the path with its NUL, the path, the bytes. All that follows counts only when that has worked; else
 * SAVED comes, and the launcher waits for GO_ON. After a file with a new name SAVED may come too, but all goes on.
 */
export function encodeSave({ flags, number, path, bytes }: SaveMessage): Buffer {
  const name = terminated([path]);
  return encodeFrame(kinds.SAVE, numbers(flags, number, name.length), name, bytes);
}

/** SAVE_ANSWER: as SAVE, with place and length in the answer that the launcher holds in place of the bytes. */
export function encodeSaveAnswer(
  { flags, number, path }: Omit<SaveMessage, 'bytes'>,
  { at, length }: KeptPart,
): Buffer {
  const name = terminated([path]);
  return encodeFrame(kinds.SAVE_ANSWER, numbers(flags, number, name.length), name, numbers(at, length));
}

/** A part of the answer that the launcher holds. */
export interface KeptPart {
  readonly at: number;
  readonly length: number;
}

/** What a launcher is to bring to a host, with the text that it holds, and to bring back. */
export interface CarryMessage {
  /** A numeric address, and the port. */
  readonly address: string;
  readonly port: number;
  /** How long, in ms, connecting may take, and how long nothing may move afterwards. */
  readonly connectMs: number;
  readonly idleMs: number;
  /** The name of the token that stands before the text. */
  readonly token: string;
  /** What is sent first. */
  readonly head: Buffer;
}

const longestWait = 2 ** 31 - 1;

/** CARRY: port, patience for connecting and for each step in ms, address, token, and the bytes that come first. */
export function encodeCarry({ address, port, connectMs, idleMs, token, head }: CarryMessage): Buffer {
  const waits = numbers(port, Math.min(connectMs, longestWait), Math.min(idleMs, longestWait));
  return encodeFrame(kinds.CARRY, waits, terminated([address, token]), head);
}

/** How far a launcher got with CARRY: the answer is whole, or it failed at that step, or was told something else meanwhile. */
export type CarryStep = 'done' | 'connecting' | 'exchanging' | 'given up';

const steps: readonly CarryStep[] = ['done', 'connecting', 'exchanging', 'given up'];

/** What a launcher has brought back. */
export interface AnswerMessage {
  readonly step: CarryStep;
  /** The number of the error, or 0. */
  readonly error: number;
  /** Its descriptor for what came, and the inode and size of that. */
  readonly descriptor: number;
  readonly inode: number;
  readonly size: number;
  /** Its first bytes. */
  readonly beginning: Buffer;
}

/** ANSWER: step, error, descriptor, nothing, then inode and size with 64 bits each, and the first bytes. */
export function encodeAnswer({ step, error, descriptor, inode, size, beginning }: AnswerMessage): Buffer {
  const wide = Buffer.alloc(16);
  wide.writeBigUInt64LE(BigInt(inode), 0);
  wide.writeBigUInt64LE(BigInt(size), 8);
  return encodeFrame(kinds.ANSWER, numbers(steps.indexOf(step), error, descriptor, 0), wide, beginning);
}

/** Reads ANSWER. @throws ProtocolError */
export function readAnswer(content: Buffer): AnswerMessage {
  return {
    step: steps[numberAt(content, 0)] ?? 'given up',
    error: numberAt(content, 1),
    descriptor: numberAt(content, 2),
    inode: wideAt(content, 4),
    size: wideAt(content, 6),
    beginning: content.subarray(32),
  };
}

/** SEND_TEXT: 1 for what a host has sent, else it is what the preprocessor wrote. */
export function encodeSendText(which: 'text' | 'answer'): Buffer {
  return encodeFrame(kinds.SEND_TEXT, numbers(which === 'answer' ? 1 : 0));
}

/** LOOK: a PATH, and names of programs. */
export function encodeLook(path: string, names: readonly string[]): Buffer {
  return encodeFrame(kinds.LOOK, terminated([path, ...names]));
}

/** A program of PATH. */
export interface FoundProgram extends FileIdentity {
  /** Which of the names it has. */
  readonly name: number;
  /** Which entry of PATH it is in. */
  readonly entry: number;
  /** Whether it is distcc. */
  readonly ours: boolean;
  /** The file's own path, after all links. */
  readonly real: string;
}

/** FOUND: for each program of each name the name's number, the entry of PATH, 1 for one of ours, device and inode, and its own path. */
export function encodeFound(programs: readonly FoundProgram[]): Buffer {
  const parts = programs.map(({ name, entry, ours, device, inode, real }) => {
    const wide = Buffer.alloc(16);
    wide.writeBigUInt64LE(BigInt(device), 0);
    wide.writeBigUInt64LE(BigInt(inode), 8);
    return Buffer.concat([numbers(name, entry, ours ? 1 : 0), wide, terminated([real])]);
  });
  return encodeFrame(kinds.FOUND, ...parts);
}

/** Reads FOUND. @throws ProtocolError */
export function readFound(content: Buffer): FoundProgram[] {
  const programs: FoundProgram[] = [];
  for (let at = 0; at < content.length;) {
    const one = content.subarray(at);
    const end = one.indexOf(0, 28);
    if (end === -1) throw new ProtocolError('malformed', 'a program without an end');
    programs.push({
      name: numberAt(one, 0),
      entry: numberAt(one, 1),
      ours: numberAt(one, 2) === 1,
      device: wideAt(one, 3),
      inode: wideAt(one, 5),
      real: one.toString('latin1', 28, end),
    });
    at += end + 1;
  }
  return programs;
}
