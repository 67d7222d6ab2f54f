import type { Grammar } from './reading/decoder.ts';
import type { Packing } from './packing.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import { checkParameter, encodeToken, largestParameter, readToken } from './token.ts';
import type { Token, TokenName } from './token.ts';

/** The limit of a body, in bytes, both as sent and unpacked. */
export interface BodyBounds {
  readonly ceiling: number;
}

/** Encodes the content of a file: a token, then the packed bytes; an empty one is only the token. */
export function encodeBody(name: TokenName, packing: Packing, plain: Buffer): Buffer[] {
  if (plain.length === 0) return [encodeToken(name, 0)];
  const bytes = packing.pack(plain);
  return [encodeToken(name, bytes.length), bytes];
}

/** Reads a token and the content of a file, and unpacks it. */
export function* readBody(name: TokenName, packing: Packing, bounds: BodyBounds): Grammar<Buffer> {
  return yield* readBodyAfter({ name, parameter: yield* readToken(name, largestParameter) }, packing, bounds);
}

/** Reads the content that follows a token, and unpacks it. */
export function* readBodyAfter(token: Token, packing: Packing, bounds: BodyBounds): Grammar<Buffer> {
  return unpackBody(yield* readPackedBodyAfter(token, packing, bounds), bounds);
}

/** The content of a file as it was sent, in the pieces in which it arrived. */
export interface PackedBody {
  readonly name: TokenName;
  readonly packing: Packing;
  readonly pieces: readonly Buffer[];
  /** The length of all pieces together, in bytes. */
  readonly length: number;
}

/** Reads the content that follows a token, and keeps it packed, since unpacking can need 255 times the memory. */
export function* readPackedBodyAfter(token: Token, packing: Packing, { ceiling }: BodyBounds): Grammar<PackedBody> {
  const pieces: Buffer[] = [];
  const length = yield* readPieces(token, packing, ceiling, (piece) => pieces.push(piece));
  return { name: token.name, packing, pieces, length };
}

/** Reads and discards the content that follows a token, and returns its length as sent. */
export function* skipBodyAfter(token: Token, packing: Packing, { ceiling }: BodyBounds): Grammar<number> {
  return yield* readPieces(token, packing, ceiling, () => undefined);
}

function* readPieces(token: Token, packing: Packing, ceiling: number, keep: (piece: Buffer) => void): Grammar<number> {
  // A packed body may be a little longer than its content.
  checkParameter(token, packing.largest(ceiling));
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

/** An empty file is never packed. */
const isPlain = ({ packing, length }: PackedBody): boolean => packing.plain || length === 0;

/**
 * Unpacks a body.
 * @throws ProtocolError of kind 'compression' or 'too large'
 */
function unpackBody(body: PackedBody, { ceiling }: BodyBounds): Buffer {
  const [first = Buffer.alloc(0)] = body.pieces;
  const whole = body.pieces.length < 2 ? first : Buffer.concat(body.pieces, body.length);
  if (isPlain(body)) return whole;
  try {
    return body.packing.unpack(whole, ceiling);
  } catch (error) {
    throw unpackingFailed(body.name, error);
  }
}

/**
 * A packed source may unpack to `bytes`, or to `times` its length if that is more. No text packs better than this; only
 * an attack does.
 */
const growth = { bytes: 16 * 1024 * 1024, times: 64 };

/**
 * Unpacks a stranger's body piece by piece; each piece is valid until the next one is asked for.
 * @throws ProtocolError of kind 'compression'; or 'too large' when it is longer than `ceiling`, or grows more than any
 * source does
 */
export function* unpackInPieces(body: PackedBody, { ceiling }: BodyBounds): Generator<Buffer, void, void> {
  if (isPlain(body)) {
    yield* body.pieces;
    return;
  }
  const most = Math.min(ceiling, Math.max(growth.bytes, growth.times * body.length));
  try {
    yield* body.packing.unpackInPieces(body.pieces, most);
  } catch (error) {
    throw unpackingFailed(body.name, error);
  }
}

function unpackingFailed(name: TokenName, error: unknown): unknown {
  if (!(error instanceof ProtocolError)) return error;
  return new ProtocolError(error.kind, `cannot unpack the body of token "${name}": ${error.message}`);
}
