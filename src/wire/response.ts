import { encodeBody, readBody, readBodyAfter } from './body.ts';
import type { Grammar } from './reading/decoder.ts';
import { limits } from './limits.ts';
import { packingOf } from './packing.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { refusalMark } from './refusal.ts';
import { encodeToken, largestParameter, parseToken, readToken, readTokenOrEnd, tokenLength } from './token.ts';
import type { Token } from './token.ts';

/** What a compiler did with a request. */
export interface CompileResponse {
  /** The version of the request. */
  readonly version: ProtocolVersion;
  /** The raw Unix wait status of the compiler. */
  readonly status: number;
  readonly stderr: Buffer;
  readonly stdout: Buffer;
  /** The object or assembler file; empty when the compiler failed. */
  readonly object: Buffer;
  /** The dependency file: only with version 3 and status 0, and even then a server may have none. */
  readonly dependencies?: Buffer;
}

const bounds = { ceiling: limits.bodyLength };
/** A wait status has 16 bits: a code or a signal, and whether there was a core. */
const largestStatus = 0xffff;

/** A response of which the object has not been read. */
export interface ResponseHead extends Omit<CompileResponse, 'object' | 'dependencies'> {
  readonly objectLength: number;
}

/**
 * Encodes a response as pieces to be written in this order (doc/protocol.md, "Response"); large ones are not copied.
 */
export function encodeResponse(response: CompileResponse): Buffer[] {
  const { version, status, dependencies } = response;
  const packing = packingOf(version);
  return [
    encodeToken('DONE', version),
    encodeToken('STAT', status),
    ...encodeBody('SERR', packing, response.stderr),
    ...encodeBody('SOUT', packing, response.stdout),
    ...encodeBody('DOTO', packing, response.object),
    ...(version === 3 && status === 0 && dependencies !== undefined ? encodeBody('DOTD', packing, dependencies) : []),
  ];
}

/** A server's sentence, in one line whatever the server is. */
const sentenceOf = (stderr: Buffer): string =>
  stderr
    .toString()
    .trimEnd()
    .replaceAll(/\p{Cc}/gu, ' ') || 'the server gives no reason';

/** SOUT is due; plain text in its place is a refusal, whose sentence stands whole in front of it (refusal.ts). */
function* readSoutOrRefusal(stderr: Buffer): Grammar<Token> {
  const bytes = yield { exactly: tokenLength, of: 'token "SOUT"' };
  if (bytes.toString('latin1').startsWith(refusalMark)) throw new ProtocolError('refused', sentenceOf(stderr));
  return parseToken(['SOUT'], largestParameter, bytes);
}

function* readBeforeObject(version: ProtocolVersion): Grammar<Omit<CompileResponse, 'object' | 'dependencies'>> {
  return yield* readBeforeObjectAfter(yield* readToken('DONE', largestParameter), version);
}

/**
 * Reads an answer from after its token DONE, whose parameter is `answered`, up to its object; throws a ProtocolError of
 * kind 'refused' with the sentence of a refusal.
 */
export function* readBeforeObjectAfter(
  answered: number,
  version: ProtocolVersion,
): Grammar<Omit<CompileResponse, 'object' | 'dependencies'>> {
  if (answered !== version) {
    throw new ProtocolError('version', `the server answered with protocol version ${answered} instead of ${version}`);
  }
  const status = yield* readToken('STAT', largestStatus);
  const packing = packingOf(version);
  const stderr = yield* readBody('SERR', packing, bounds);
  const stdout = yield* readBodyAfter(yield* readSoutOrRefusal(stderr), packing, bounds);
  return { version, status, stderr, stdout };
}

/** Reads what stands before the object in a response to a request of version 1. @throws ProtocolError */
export function* readResponseHead(): Grammar<ResponseHead> {
  const before = yield* readBeforeObject(1);
  return { ...before, objectLength: yield* readToken('DOTO', limits.bodyLength) };
}

/**
 * Reads the response to a request of that version; throws a ProtocolError of kind 'version' when it answers another
 * one.
 */
export function* readResponse(version: ProtocolVersion): Grammar<CompileResponse> {
  const before = yield* readBeforeObject(version);
  const { status } = before;
  const packing = packingOf(version);
  const response = { ...before, object: yield* readBody('DOTO', packing, bounds) };
  if (version !== 3 || status !== 0) return response;
  const parameter = yield* readTokenOrEnd('DOTD', largestParameter);
  if (parameter === undefined) return response;
  return { ...response, dependencies: yield* readBodyAfter({ name: 'DOTD', parameter }, packing, bounds) };
}
