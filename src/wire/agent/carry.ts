import { numberAt, numbers, terminated, wideAt } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/** A part of the answer in the launcher's memory. */
export interface KeptPart {
  readonly at: number;
  readonly length: number;
}

/** How a launcher reaches a host: by numeric addresses, tried in this order, or by a command that starts ssh. */
export type Way =
  | { readonly kind: 'tcp'; readonly addresses: readonly string[]; readonly port: number }
  | { readonly kind: 'ssh'; readonly command: readonly [string, ...string[]] };

const bodies = ['text', 'kept', 'none'] as const;

/** What follows the first bytes of a request. */
export type CarryBody = (typeof bodies)[number];

const endings = ['object', 'offer', 'dependencies'] as const;

/**
 * What ends an answer: the object; what a host offers after it, for which the launcher does not wait long; or the
 * dependency file.
 */
export type CarryEnding = (typeof endings)[number];

/** A request that a launcher is to send to a host. */
export interface CarryMessage {
  readonly way: Way;
  /** How long connecting may take, and then how long no byte may move, in ms. */
  readonly connectMs: number;
  readonly idleMs: number;
  /** The text that the launcher holds, what KEEP brings it, or nothing. */
  readonly body: CarryBody;
  /** How the answer ends. */
  readonly ending: CarryEnding;
  /** The name of the token that stands before the body. */
  readonly token: string;
  /** The first bytes of the request. */
  readonly head: Buffer;
}

const longestWait = 2 ** 31 - 1;

/**
 * CARRY: port (0 for ssh), time limits for connecting and for silence in ms, the numbers of body and ending, count of
 * words; then addresses or command, token, first bytes.
 */
export function encodeCarry({ way, connectMs, idleMs, body, ending, token, head }: CarryMessage): Buffer {
  const [port, words] = way.kind === 'tcp' ? [way.port, way.addresses] : [0, way.command];
  const waits = [Math.min(connectMs, longestWait), Math.min(idleMs, longestWait)];
  const begin = numbers(port, ...waits, bodies.indexOf(body), endings.indexOf(ending), words.length);
  return encodeFrame(kinds.CARRY, begin, terminated([...words, token]), head);
}

/** KEEP: the body of a request, which is sent at once. */
export function encodeKeep(body: Buffer): Buffer {
  return encodeFrame(kinds.KEEP, body);
}

/** MORE: bytes for a host that has asked something in place of an answer. ANSWER comes once more. */
export function encodeMore(bytes: Buffer): Buffer {
  return encodeFrame(kinds.MORE, bytes);
}

/**
 * How far a launcher got with CARRY: the answer is complete; it failed while connecting or exchanging; or it gave up,
 * as when it got another task.
 */
export type CarryStep = 'done' | 'connecting' | 'exchanging' | 'given up';

const steps: readonly CarryStep[] = ['done', 'connecting', 'exchanging', 'given up'];

/** A launcher's result of CARRY. */
export interface AnswerMessage {
  readonly step: CarryStep;
  /** The errno, or 0. */
  readonly error: number;
  /** The launcher's descriptor for the answer, and the inode and size of that file. */
  readonly descriptor: number;
  readonly inode: number;
  readonly size: number;
  /** The index of the address that it tried last. */
  readonly address: number;
  /** The first bytes of the answer. */
  readonly beginning: Buffer;
}

/**
 * ANSWER: step, errno, descriptor, index of the address; then inode and size with 64 bits each, and the first bytes.
 */
export function encodeAnswer({ step, error, descriptor, inode, size, address, beginning }: AnswerMessage): Buffer {
  const wide = Buffer.alloc(16);
  wide.writeBigUInt64LE(BigInt(inode), 0);
  wide.writeBigUInt64LE(BigInt(size), 8);
  return encodeFrame(kinds.ANSWER, numbers(steps.indexOf(step), error, descriptor, address), wide, beginning);
}

/** Reads ANSWER. @throws ProtocolError */
export function readAnswer(content: Buffer): AnswerMessage {
  return {
    step: steps[numberAt(content, 0)] ?? 'given up',
    error: numberAt(content, 1),
    descriptor: numberAt(content, 2),
    address: numberAt(content, 3),
    inode: wideAt(content, 4),
    size: wideAt(content, 6),
    beginning: content.subarray(32),
  };
}
