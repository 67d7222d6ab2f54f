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

const marks = ['connected', 'sent', 'answered'] as const;

/** What takes time on the way: until the connection is made, until all is sent, until the answer begins. */
export type Mark = (typeof marks)[number];

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
  /** Whether to tell at once when a mark is reached (REACHED). */
  readonly tells: boolean;
  /** The name of the token that stands before the body. */
  readonly token: string;
  /** The first bytes of the request. */
  readonly head: Buffer;
}

const longestWait = 2 ** 31 - 1;

/**
 * CARRY: port (0 for ssh), time limits for connecting and for silence in ms, the numbers of body and ending, whether to
 * send REACHED, count of words; then addresses or command, token, first bytes.
 */
export function encodeCarry({ way, connectMs, idleMs, body, ending, tells, token, head }: CarryMessage): Buffer {
  const [port, words] = way.kind === 'tcp' ? [way.port, way.addresses] : [0, way.command];
  const waits = [Math.min(connectMs, longestWait), Math.min(idleMs, longestWait)];
  const how = [bodies.indexOf(body), endings.indexOf(ending), tells ? 1 : 0];
  const begin = numbers(port, ...waits, ...how, words.length);
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

/** REACHED: the number of a mark. */
export function encodeReached(mark: Mark): Buffer {
  return encodeFrame(kinds.REACHED, numbers(marks.indexOf(mark)));
}

/** Reads REACHED; undefined for a mark of another version. @throws ProtocolError */
export function readReached(content: Buffer): Mark | undefined {
  return marks[numberAt(content, 0)];
}

/**
 * How far a launcher got with CARRY: the answer is complete; it failed while connecting or exchanging; it gave up, as
 * when it got another task; or something was not as GATE wanted it, and no host has heard of the job.
 */
export type CarryStep = 'done' | 'connecting' | 'exchanging' | 'given up' | 'closed';

const steps: readonly CarryStep[] = ['done', 'connecting', 'exchanging', 'given up', 'closed'];

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
  /** How long the dependency file is that ends the answer; undefined when none has come. */
  readonly dependencies: number | undefined;
  /** How long ago each mark was reached when this was sent, in ms; Infinity for never. */
  readonly ago: Readonly<Record<Mark, number>>;
  /** The first bytes of the answer. */
  readonly beginning: Buffer;
}

const never = 0xffffffff;
const microseconds = (ms: number): number => Math.min(never, Math.round(ms * 1000));
const milliseconds = (us: number): number => (us === never ? Infinity : us / 1000);

/**
 * ANSWER: step, errno, descriptor, index of the address, how long ago each mark was reached in µs, the length of the
 * dependency file or 2^32 - 1; then inode and size with 64 bits each, and the first bytes.
 */
export function encodeAnswer(answer: AnswerMessage): Buffer {
  const { step, error, descriptor, inode, size, address, ago, dependencies = never, beginning } = answer;
  const wide = Buffer.alloc(16);
  wide.writeBigUInt64LE(BigInt(inode), 0);
  wide.writeBigUInt64LE(BigInt(size), 8);
  const reached = marks.map((mark) => microseconds(ago[mark]));
  const begin = numbers(steps.indexOf(step), error, descriptor, address, ...reached, dependencies);
  return encodeFrame(kinds.ANSWER, begin, wide, beginning);
}

/** Reads ANSWER. @throws ProtocolError */
export function readAnswer(content: Buffer): AnswerMessage {
  const dependencies = numberAt(content, 7);
  return {
    step: steps[numberAt(content, 0)] ?? 'given up',
    error: numberAt(content, 1),
    descriptor: numberAt(content, 2),
    address: numberAt(content, 3),
    ago: {
      connected: milliseconds(numberAt(content, 4)),
      sent: milliseconds(numberAt(content, 5)),
      answered: milliseconds(numberAt(content, 6)),
    },
    dependencies: dependencies === never ? undefined : dependencies,
    inode: wideAt(content, 8),
    size: wideAt(content, 10),
    beginning: content.subarray(48),
  };
}
