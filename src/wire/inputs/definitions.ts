import type { Steps } from '../../basics/steps.ts';
import { limits } from '../limits.ts';
import { ProtocolError } from '../reading/protocol-error.ts';
import { checkInputPath } from './input-path.ts';
import { largestNumber } from './numbers.ts';
import { BodyReader, encodeVarints } from './varint.ts';

/** Lengths in bytes: of a SHA-256, and of a proof, which is an HMAC of it. */
const hashLength = 32;
const timeLength = 8;

/** What a number of a session stands for. Paths and link texts have one character for each byte. */
export type Definition = FileDefinition | LinkDefinition | DirectoryDefinition;

/** A regular file. */
export interface FileDefinition {
  readonly kind: 'file';
  readonly number: number;
  readonly path: string;
  /** SHA-256 of the content. */
  readonly hash: Buffer;
  readonly size: number;
  /** HMAC-SHA-256 of the session's nonce with the key SHA-256("possession" + content). */
  readonly proof: Buffer;
  /** When it was changed, in ns since 1970. */
  readonly mtimeNs: bigint;
}

export interface LinkDefinition {
  readonly kind: 'link';
  readonly number: number;
  readonly path: string;
  readonly target: string;
}

export interface DirectoryDefinition {
  readonly kind: 'directory';
  readonly number: number;
  readonly path: string;
}

const kinds = ['file', 'link', 'directory'] as const;

/** Encodes what numbers stand for, one after the other; throws a RangeError for what does not fit. */
export function encodeDefinitions(definitions: readonly Definition[]): Buffer {
  return Buffer.concat(definitions.flatMap(encodeDefinition));
}

function encodeDefinition(definition: Definition): Buffer[] {
  const { number, kind, path } = definition;
  const head = [encodeVarints([number]), Buffer.of(kinds.indexOf(kind)), ...encodeBytes(path)];
  if (definition.kind === 'link') return [...head, ...encodeBytes(definition.target)];
  if (definition.kind === 'directory') return head;
  const { hash, size, proof, mtimeNs } = definition;
  if (hash.length !== hashLength || proof.length !== hashLength) throw new RangeError('a hash has 32 bytes');
  const time = Buffer.alloc(timeLength);
  time.writeBigInt64LE(mtimeNs);
  return [...head, hash, encodeVarints([size]), proof, time];
}

function encodeBytes(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  return [encodeVarints([bytes.length]), bytes];
}

const of = 'token "DEFS"';

/**
 * Reads what numbers stand for, in steps: there may be many. Hashes and proofs lie in `bytes`.
 * @throws ProtocolError
 */
export function* decodeDefinitions(bytes: Buffer): Steps<Definition[]> {
  const body = new BodyReader(bytes, of);
  const definitions: Definition[] = [];
  while (!body.ended) {
    if (definitions.length === limits.numbers) {
      throw new ProtocolError('too large', `more than ${limits.numbers} numbers are defined by ${of}`);
    }
    definitions.push(decodeDefinition(body));
    yield;
  }
  return definitions;
}

function decodeDefinition(body: BodyReader): Definition {
  const number = body.number(largestNumber);
  const kind = kinds[body.take(1)[0] ?? kinds.length];
  if (kind === undefined) throw new ProtocolError('malformed', `number ${number} of ${of} has an unknown kind`);
  const path = checkInputPath(decodeText(body), of);
  if (kind === 'directory') return { kind, number, path };
  if (kind === 'file') {
    const hash = body.take(hashLength);
    const size = body.number(limits.inputLength);
    const proof = body.take(hashLength);
    return { kind, number, path, hash, size, proof, mtimeNs: body.take(timeLength).readBigInt64LE() };
  }
  const target = decodeText(body);
  if (target === '' || target.includes('\0')) {
    throw new ProtocolError('malformed', `number ${number} of ${of} is a link to nothing`);
  }
  return { kind, number, path, target };
}

function decodeText(body: BodyReader): string {
  return body.take(body.number(limits.pathLength)).toString('latin1');
}
