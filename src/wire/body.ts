import type { Grammar } from './decoder.ts';
import { compressLzo, largestPacked } from './lzo/compress.ts';
import { decompressLzo } from './lzo/decompress.ts';
import { ProtocolError } from './protocol-error.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { checkParameter, encodeToken, largestParameter, readToken, type Token, type TokenName } from './token.ts';

/** What bounds a body: its length in bytes, both as it is sent and as it is unpacked. */
export interface BodyBounds {
  readonly ceiling: number;
}

/** Encodes the content of a file: its token, and its bytes as the version packs them; an empty one is its token alone. */
export function encodeBody(name: TokenName, version: ProtocolVersion, plain: Buffer): Buffer[] {
  if (plain.length === 0) return [encodeToken(name, 0)];
  return encodePackedBody(name, version === 1 ? plain : compressLzo(plain));
}

/** Encodes the content of a file that is packed already, as the version packs it. */
function encodePackedBody(name: TokenName, bytes: Buffer): Buffer[] {
  return [encodeToken(name, bytes.length), bytes];
}

/** Reads a token and the content of a file, and unpacks it. */
export function* readBody(name: TokenName, version: ProtocolVersion, bounds: BodyBounds): Grammar<Buffer> {
  return yield* readBodyAfter({ name, parameter: yield* readToken(name, largestParameter) }, version, bounds);
}

/** Reads the content that follows a token, and unpacks it. */
export function* readBodyAfter(token: Token, version: ProtocolVersion, bounds: BodyBounds): Grammar<Buffer> {
  return unpackBody(yield* readPackedBodyAfter(token, version, bounds), bounds);
}

/** The content of a file as it was sent. */
export interface PackedBody {
  readonly name: TokenName;
  readonly version: ProtocolVersion;
  readonly bytes: Buffer;
}

/** Reads the content that follows a token, and leaves it packed: what is packed can grow 255-fold. */
export function* readPackedBodyAfter(
  token: Token,
  version: ProtocolVersion,
  { ceiling }: BodyBounds,
): Grammar<PackedBody> {
  // A packed body may be a little longer than what it holds.
  checkParameter(token, version === 1 ? ceiling : largestPacked(ceiling));
  const { name, parameter } = token;
  return { name, version, bytes: yield { exactly: parameter, of: `the body of token "${name}"` } };
}

/** Unpacks a content; throws a ProtocolError of kind 'compression' or 'too large'. */
export function unpackBody({ name, version, bytes }: PackedBody, { ceiling }: BodyBounds): Buffer {
  // An empty file is never packed, and nothing is no LZO stream.
  return version === 1 || bytes.length === 0 ? bytes : unpack(name, bytes, ceiling);
}

function unpack(name: TokenName, packed: Buffer, ceiling: number): Buffer {
  try {
    return decompressLzo(packed, ceiling);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.kind, `cannot unpack the body of token "${name}": ${error.message}`);
  }
}
