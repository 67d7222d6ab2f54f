import type { Grammar } from './reading/decoder.ts';
import { compressLzo, largestPacked } from './lzo/compress.ts';
import { decompressLzo } from './lzo/decompress.ts';
import { unpackLzo } from './lzo/unpack.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { checkParameter, encodeToken, largestParameter, readToken } from './token.ts';
import type { Token, TokenName } from './token.ts';

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

/** The content of a file as it was sent, in the pieces in which it came. */
export interface PackedBody {
  readonly name: TokenName;
  readonly version: ProtocolVersion;
  readonly pieces: readonly Buffer[];
  /** Bytes of all pieces together. */
  readonly length: number;
}

/** Reads the content that follows a token, and leaves it packed: what is packed can grow 255-fold. */
export function* readPackedBodyAfter(
  token: Token,
  version: ProtocolVersion,
  { ceiling }: BodyBounds,
): Grammar<PackedBody> {
  const pieces: Buffer[] = [];
  const length = yield* readPieces(token, version, ceiling, (piece) => pieces.push(piece));
  return { name: token.name, version, pieces, length };
}

/** Reads the content that follows a token, keeps none of it, and gives its length as it was sent. */
export function* skipBodyAfter(token: Token, version: ProtocolVersion, { ceiling }: BodyBounds): Grammar<number> {
  return yield* readPieces(token, version, ceiling, () => undefined);
}

function* readPieces(
  token: Token,
  version: ProtocolVersion,
  ceiling: number,
  keep: (piece: Buffer) => void,
): Grammar<number> {
  // A packed body may be a little longer than what it holds.
  checkParameter(token, version === 1 ? ceiling : largestPacked(ceiling));
  const { name, parameter } = token;
  const of = `the body of token "${name}"`;
  let had = 0;
  while (had < parameter) {
    const piece = yield { exactly: parameter, had, of };
    had += piece.length;
    keep(piece);
  }
  return had;
}

/** An empty file is never packed, and nothing is not an LZO stream. */
const isPlain = ({ version, length }: PackedBody): boolean => version === 1 || length === 0;

/** Unpacks a content; throws a ProtocolError of kind 'compression' or 'too large'. */
function unpackBody(body: PackedBody, { ceiling }: BodyBounds): Buffer {
  const [first = Buffer.alloc(0)] = body.pieces;
  const whole = body.pieces.length < 2 ? first : Buffer.concat(body.pieces, body.length);
  if (isPlain(body)) return whole;
  try {
    return decompressLzo(whole, ceiling);
  } catch (error) {
    throw unpackingFailed(body.name, error);
  }
}

/** A packed source may unpack to `bytes`, or to `times` its length if that is more: text does not shrink further, only an attack does. */
const growth = { bytes: 16 * 1024 * 1024, times: 64 };

/**
 * Unpacks a content of a stranger's piece by piece: each piece is good until the next one is asked for. Throws a ProtocolError of kind
 * 'compression', or of kind 'too large' when it is longer than `ceiling`, or grows more than any source does.
 */
export function* unpackInPieces(body: PackedBody, { ceiling }: BodyBounds): Generator<Buffer, void, void> {
  if (isPlain(body)) {
    yield* body.pieces;
    return;
  }
  const most = Math.min(ceiling, Math.max(growth.bytes, growth.times * body.length));
  try {
    yield* unpackLzo(body.pieces, most);
  } catch (error) {
    throw unpackingFailed(body.name, error);
  }
}

function unpackingFailed(name: TokenName, error: unknown): unknown {
  if (!(error instanceof ProtocolError)) return error;
  return new ProtocolError(error.kind, `cannot unpack the body of token "${name}": ${error.message}`);
}
