import { numberAt, numbers, splitStrings, terminated, wideAt } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/** A file by its device and inode; both 0 for no file. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** How a program ended that a launcher was told to start. */
export interface EndedMessage {
  /** Its raw Unix wait status; or 65536 times the errno when it could not be started. */
  readonly status: number;
  /** For a preprocessor: the launcher's descriptor for its output, and the inode and size of that file. */
  readonly descriptor: number;
  readonly inode: number;
  readonly size: number;
  /** How many bytes it wrote to stderr. */
  readonly messages: number;
  /** Whether the job's output is its source, and whether (`notWritable`) a compiler could not write it. */
  readonly outputIsSource: boolean;
  readonly notWritable: boolean;
  /** The file of the program. */
  readonly program: FileIdentity;
}

/**
 * ENDED: status, descriptor, bytes of messages, bits about the output; then inode, size, and the program's device and
 * inode with 64 bits each.
 */
export function encodeEnded(ended: EndedMessage): Buffer {
  const { program } = ended;
  const wide = Buffer.alloc(32);
  for (const [at, value] of [ended.inode, ended.size, program.device, program.inode].entries())
    wide.writeBigUInt64LE(BigInt(value), 8 * at);
  const output = (ended.outputIsSource ? 1 : 0) + (ended.notWritable ? 2 : 0);
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
    notWritable: (output & 2) !== 0,
    inode: wideAt(content, 4),
    size: wideAt(content, 6),
    program: { device: wideAt(content, 8), inode: wideAt(content, 10) },
  };
}

/** FAILED: the errno with which the launcher could not become a program. */
export function encodeFailed(errorNumber: number): Buffer {
  return encodeFrame(kinds.FAILED, numbers(errorNumber));
}

/** Reads FAILED. @throws ProtocolError */
export function readFailed(content: Buffer): number {
  return numberAt(content, 0);
}

/** A command for the launcher. */
export interface CommandMessage {
  /**
   * PREPROCESS and RUN: 1 for a process group of its own. EXEC: 0; or the index of the launcher's own words from which
   * on they follow argv[0], instead of the words here.
   */
  readonly number: number;
  /** The program, which is looked for in PATH, and its arguments. */
  readonly argv: readonly string[];
  /** How its environment differs from the launcher's: NAME=value, or NAME to remove a variable. */
  readonly changes: readonly string[];
  /** PREPROCESS and TAKE: source and output of the job, for checks; empty for none. */
  readonly source?: string;
  readonly output?: string;
}

/** PREPROCESS, TAKE, RUN and EXEC: number, counts of words and changes, then words, changes, source, output. */
export function encodeCommand(kind: 'PREPROCESS' | 'TAKE' | 'RUN' | 'EXEC' | 'PROBE', command: CommandMessage): Buffer {
  const { number, argv, changes, source = '', output = '' } = command;
  return encodeFrame(
    kinds[kind],
    numbers(number, argv.length, changes.length),
    terminated([...argv, ...changes, source, output]),
  );
}

/** Reads PREPROCESS, TAKE, RUN, EXEC and PROBE. @throws ProtocolError */
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
