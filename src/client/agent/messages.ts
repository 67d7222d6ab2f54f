import { ProtocolError } from '../../wire/protocol-error.ts';

/**
 * The kinds of messages between the launcher and the agent, both on this machine: `src/launcher/launcher.h` has the same numbers. A message
 * is its kind, the length of what follows, and that; all numbers are 32 bits, least byte first.
 */
export const kinds = {
  // From the launcher.
  JOB: 1,
  ENDED: 2,
  FAILED: 3,
  TEXT: 4,
  // From a program that asks about the agent itself.
  ASK: 5,
  // From the agent.
  WRITE: 16,
  PREPROCESS: 17,
  RUN: 18,
  EXEC: 19,
  EXIT: 20,
  NODE_INSTEAD: 21,
  REPORT: 22,
  SEND_TEXT: 23,
} as const;

/** What a launcher or an agent may send at most in one message, in bytes: an argument list of Linux fits several times. */
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
    this.feed(all.subarray(headerLength + length));
    return { kind: all.readUInt32LE(0), content: all.subarray(headerLength, headerLength + length) };
  }

  /** What has arrived behind the last message. */
  rest(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return all;
  }
}

/** Puts the header before a message's content. */
export function encodeFrame(kind: number, ...content: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt32LE(kind, 0);
  header.writeUInt32LE(
    content.reduce((sum, { length }) => sum + length, 0),
    4,
  );
  return Buffer.concat([header, ...content]);
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

const terminated = (words: readonly string[]): Buffer => Buffer.from(words.map((word) => `${word}\0`).join(''));

/** Exactly `count` strings, each with a NUL behind it. */
function splitStrings(text: string, count: number): string[] {
  const words = text.split('\0');
  if (words.pop() !== '' || words.length !== count) {
    throw new ProtocolError('malformed', `a message with ${words.length} strings in place of ${count}`);
  }
  return words;
}

const readStrings = (bytes: Buffer, count: number): string[] => splitStrings(bytes.toString('utf8'), count);

/** What a launcher was called for. */
export interface JobMessage {
  readonly pid: number;
  readonly umask: number;
  /** Whether its stdin is one. */
  readonly terminal: boolean;
  /** Device and inode of the directory, by which both know that they see the same files. */
  readonly device: bigint;
  readonly inode: bigint;
  /** Empty when there is none any more. */
  readonly directory: string;
  /** The name that distcc was called by, and the words behind it. */
  readonly words: readonly string[];
  /** NAME=value. */
  readonly variables: readonly string[];
  /** Whether directory and words are UTF-8: only then what was read is what was sent. */
  readonly faithful: boolean;
}

/** JOB: pid, umask, 1 for a terminal, device, inode, counts of words and variables, then directory, words, variables. */
export function encodeJob(job: Omit<JobMessage, 'faithful'>): Buffer {
  const identity = Buffer.alloc(16);
  identity.writeBigUInt64LE(job.device, 0);
  identity.writeBigUInt64LE(job.inode, 8);
  return encodeFrame(
    kinds.JOB,
    numbers(job.pid, job.umask, job.terminal ? 1 : 0),
    identity,
    numbers(job.words.length, job.variables.length),
    terminated([job.directory, ...job.words, ...job.variables]),
  );
}

/** The place behind so many strings. */
function behind(text: string, count: number): number {
  let at = 0;
  for (let passed = 0; passed < count; passed += 1) {
    const end = text.indexOf('\0', at);
    if (end === -1) throw new ProtocolError('malformed', `a message with ${passed} strings in place of ${count}`);
    at = end + 1;
  }
  return at;
}

/** The variables of the job before: most jobs of a build come with the same. */
let lastVariables: { readonly text: string; readonly variables: readonly string[] } | undefined;

function readVariables(text: string, count: number): readonly string[] {
  if (lastVariables?.text !== text) lastVariables = { text, variables: splitStrings(text, count) };
  return lastVariables.variables;
}

/** Reads JOB; jobs that come with the same variables share the list of them. @throws ProtocolError */
export function readJob(content: Buffer): JobMessage {
  const [count, variables] = [numberAt(content, 7), numberAt(content, 8)];
  const bytes = content.subarray(36);
  const text = bytes.toString('utf8');
  const end = behind(text, 1 + count);
  const named = text.slice(0, end);
  const [directory = '', ...words] = splitStrings(named, 1 + count);
  if (count === 0) throw new ProtocolError('malformed', 'a job without a word');
  return {
    pid: numberAt(content, 0),
    umask: numberAt(content, 1),
    terminal: numberAt(content, 2) === 1,
    device: content.readBigUInt64LE(12),
    inode: content.readBigUInt64LE(20),
    directory,
    words,
    variables: readVariables(text.slice(end), variables),
    // What is no UTF-8 was read as U+FFFD, which takes three bytes where at most that many were.
    faithful: !named.includes('\uFFFD') || bytes.subarray(0, Buffer.byteLength(named)).equals(Buffer.from(named)),
  };
}

/** How a program that a launcher was told to start has ended. */
export interface EndedMessage {
  /** Its raw Unix wait status, or 65536 times the number of the error for which it could not be started. */
  readonly status: number;
  /** Of a preprocessor: the launcher's descriptor for what it wrote, and the size and inode of that. */
  readonly descriptor: number;
  readonly size: number;
  readonly inode: number;
}

/** ENDED: status, descriptor, then size and inode with 64 bits each. */
export function encodeEnded({ status, descriptor, size, inode }: EndedMessage): Buffer {
  const wide = Buffer.alloc(16);
  wide.writeBigUInt64LE(BigInt(size), 0);
  wide.writeBigUInt64LE(BigInt(inode), 8);
  return encodeFrame(kinds.ENDED, numbers(status, descriptor), wide);
}

/** Reads ENDED. @throws ProtocolError */
export function readEnded(content: Buffer): EndedMessage {
  const wide = (at: number): number => numberAt(content, at) + numberAt(content, at + 1) * 2 ** 32;
  return { status: numberAt(content, 0), descriptor: numberAt(content, 1), size: wide(2), inode: wide(4) };
}

/** FAILED: the number of the error for which the launcher could not become a program. */
export function encodeFailed(errorNumber: number): Buffer {
  return encodeFrame(kinds.FAILED, numbers(errorNumber, 0));
}

/** Reads FAILED. @throws ProtocolError */
export function readFailed(content: Buffer): number {
  return numberAt(content, 0);
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

/** Reads WRITE. @throws ProtocolError */
export function readWrite(content: Buffer): { descriptor: number; bytes: Buffer } {
  return { descriptor: numberAt(content, 0), bytes: content.subarray(4) };
}

/** A command for the launcher. */
export interface CommandMessage {
  /**
   * PREPROCESS and RUN: 1 for a process group of its own; EXEC: 0, or the first of the launcher's own words that follow
   * argv[0] in place of the others.
   */
  readonly number: number;
  /** The file to execute; a relative one starts in the launcher's directory. */
  readonly path: string;
  readonly argv: readonly string[];
  /** How its environment differs from the launcher's: NAME=value, or NAME for a variable that is taken away. */
  readonly changes: readonly string[];
}

/** PREPROCESS, RUN and EXEC: number, counts of words and changes, then path, words, changes. */
export function encodeCommand(kind: 'PREPROCESS' | 'RUN' | 'EXEC', command: CommandMessage): Buffer {
  const { number, path, argv, changes } = command;
  return encodeFrame(
    kinds[kind],
    numbers(number, argv.length, changes.length),
    terminated([path, ...argv, ...changes]),
  );
}

/** Reads PREPROCESS, RUN and EXEC. @throws ProtocolError */
export function readCommand(content: Buffer): CommandMessage {
  const [argc, changes] = [numberAt(content, 1), numberAt(content, 2)];
  const [path = '', ...rest] = readStrings(content.subarray(12), 1 + argc + changes);
  return { number: numberAt(content, 0), path, argv: rest.slice(0, argc), changes: rest.slice(argc) };
}

/** EXIT: the raw Unix wait status that the launcher ends with, as if it were that process. */
export function encodeExit(status: number): Buffer {
  return encodeFrame(kinds.EXIT, numbers(status));
}

/** Reads EXIT. @throws ProtocolError */
export function readExit(content: Buffer): number {
  return numberAt(content, 0);
}
