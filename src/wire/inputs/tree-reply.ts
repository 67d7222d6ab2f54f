import { encodeBody, readBodyAfter } from '../body.ts';
import { limits } from '../limits.ts';
import { packingOf } from '../packing.ts';
import type { Grammar } from '../reading/decoder.ts';
import { ProtocolError } from '../reading/protocol-error.ts';
import { encodeResponse, readBeforeObjectAfter } from '../response.ts';
import type { CompileResponse } from '../response.ts';
import { checkParameter, encodeToken, largestParameter, readAnyToken, readToken } from '../token.ts';
import { codecs } from './contents.ts';
import type { Codec } from './contents.ts';
import { decodeNumbers, encodeNumbers } from './numbers.ts';
import { nonceLength } from './tree-job.ts';

/** What a server says when it makes a session anew; what went before in it is forgotten. */
export interface Welcome {
  readonly nonce: Buffer;
  readonly codecs: readonly Codec[];
  /** How many jobs the server does at a time. */
  readonly slots: number;
  /** Jobs that run or wait there, divided by slots. */
  readonly load: number;
  /**
   * What compilers are, by the names that clients have used, as encodeCompiler() says it; those that have been looked at.
   */
  readonly compilers: Readonly<Record<string, string>>;
}

/** What a tree job comes to. */
export interface TreeAnswer extends Omit<CompileResponse, 'version' | 'dependencies'> {
  /** The dependency file; empty when there is none. */
  readonly dependencies: Buffer;
  /** Whether the server had this result from another job, and started no compiler. */
  readonly kept: boolean;
}

/** An answer of which the object has not been read. */
export interface TreeAnswerHead extends Omit<TreeAnswer, 'object' | 'dependencies'> {
  readonly objectLength: number;
}

type Before =
  | ({ readonly kind: 'welcome' } & Welcome)
  /** Numbers whose contents the server lacks, rising; none when it only has taken the definitions. */
  | { readonly kind: 'need'; readonly numbers: readonly number[] };

/** What a server sends to a client with a tree job. */
export type TreeReply = Before | ({ readonly kind: 'answer' } & TreeAnswer);

/** The same, of an answer only what stands before the object. */
export type TreeReplyHead = Before | ({ readonly kind: 'answer' } & TreeAnswerHead);

const plain = packingOf(1);
const bounds = { ceiling: limits.bodyLength };

/** Encodes a welcome. */
export function encodeWelcome({ nonce, ...rest }: Welcome): Buffer {
  const text = Buffer.from(JSON.stringify({ nonce: nonce.toString('hex'), ...rest }));
  if (text.length > limits.welcomeLength) throw new RangeError('a welcome that is too long');
  return Buffer.concat([encodeToken('WELC', text.length), text]);
}

/** Encodes a question for contents. */
export function encodeNeed(numbers: readonly number[]): Buffer {
  const bytes = encodeNumbers(numbers);
  return Buffer.concat([encodeToken('NEED', bytes.length), bytes]);
}

/** What precedes an answer that is a kept result. */
export const encodeKept = (): Buffer => encodeToken('KEPT', 0);

/** Encodes an answer as pieces to be written in this order. */
export function encodeTreeAnswer({ dependencies, kept, ...response }: TreeAnswer): Buffer[] {
  return [
    ...(kept ? [encodeKept()] : []),
    ...encodeResponse({ ...response, version: 1 }),
    ...encodeBody('DOTD', plain, dependencies),
  ];
}

/** Reads what a server sends. @throws ProtocolError, of kind 'refused' for a refusal */
export function* readTreeReply(): Grammar<TreeReply> {
  const head = yield* readTreeReplyHead();
  if (head.kind !== 'answer') return head;
  const { objectLength, ...before } = head;
  const object = yield* readBodyAfter({ name: 'DOTO', parameter: objectLength }, plain, bounds);
  return { ...before, object, dependencies: yield* readDependencies() };
}

/** Reads what a server sends, an answer up to its object. @throws ProtocolError, of kind 'refused' for a refusal */
export function* readTreeReplyHead(): Grammar<TreeReplyHead> {
  const token = yield* readAnyToken(['WELC', 'NEED', 'KEPT', 'DONE'], largestParameter);
  if (token.name === 'WELC') {
    checkParameter(token, limits.welcomeLength);
    const bytes = yield { exactly: token.parameter, of: 'the body of token "WELC"' };
    return { kind: 'welcome', ...parseWelcome(bytes.toString()) };
  }
  if (token.name === 'NEED') {
    checkParameter(token, limits.numbersLength);
    const bytes = yield { exactly: token.parameter, of: 'the body of token "NEED"' };
    return { kind: 'need', numbers: decodeNumbers(bytes, 'token "NEED"') };
  }
  const kept = token.name === 'KEPT';
  if (kept) checkParameter(token, 0);
  const version = kept ? yield* readToken('DONE', largestParameter) : token.parameter;
  const { status, stderr, stdout } = yield* readBeforeObjectAfter(version, 1);
  return { kind: 'answer', kept, status, stderr, stdout, objectLength: yield* readToken('DOTO', limits.bodyLength) };
}

/** Reads what follows the object of an answer. @throws ProtocolError */
export function* readDependencies(): Grammar<Buffer> {
  const parameter = yield* readToken('DOTD', limits.bodyLength);
  return yield* readBodyAfter({ name: 'DOTD', parameter }, plain, bounds);
}

const malformed = (): ProtocolError => new ProtocolError('malformed', 'the text of token "WELC" is not a welcome');

function parseWelcome(text: string): Welcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed();
  }
  if (!isRecord(value)) throw malformed();
  const { nonce, slots, load, compilers } = value;
  if (typeof nonce !== 'string' || !/^[0-9a-f]*$/.test(nonce) || nonce.length !== 2 * nonceLength) throw malformed();
  if (!isCount(slots) || !isCount(load)) throw malformed();
  const said = Array.isArray(value['codecs']) ? new Set<unknown>(value['codecs']) : new Set();
  return {
    nonce: Buffer.from(nonce, 'hex'),
    codecs: codecs.filter((codec) => said.has(codec)),
    slots,
    load,
    compilers: isRecord(compilers) ? textsOf(compilers) : {},
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** Those of a record that are texts. */
function textsOf(record: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(record).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}
