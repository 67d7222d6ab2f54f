import { numberAt, numbers, terminated, wideAt } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

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
