import type { Steps } from '../basics/steps.ts';
import { compressLzo, compressLzoInTurns, largestPacked, storeLzo } from './lzo/compress.ts';
import { decompressLzo } from './lzo/decompress.ts';
import { unpackLzo } from './lzo/unpack.ts';
import type { ProtocolVersion } from './protocol-version.ts';

/** How file contents are packed on the wire. An empty one never is. */
export interface Packing {
  /** Whether bytes are sent unchanged. */
  readonly plain: boolean;
  /** The most bytes that `length` bytes can become. */
  largest(this: void, length: number): number;
  pack(this: void, plain: Buffer): Buffer;
  /** Packs in steps, into a list of pieces. */
  packInTurns(this: void, plain: Buffer): Steps<Buffer[]>;
  /**
   * The bytes before and after `length` plain bytes that make them a valid stream without packing, for a sender that
   * lacks memory for packing.
   */
  store(this: void, length: number): { readonly before: Buffer; readonly after: Buffer };
  /** Unpacks at most `ceiling` bytes. @throws ProtocolError of kind 'compression' or 'too large' */
  unpack(this: void, packed: Buffer, ceiling: number): Buffer;
  /**
   * Unpacks at most `ceiling` bytes piece by piece; each is valid until the next one is asked for.
   * @throws ProtocolError
   */
  unpackInPieces(this: void, packed: Iterable<Buffer>, ceiling: number): Generator<Buffer, void, void>;
}

/** Version 1: bytes are sent unchanged. */
const none: Packing = {
  plain: true,
  largest: (length) => length,
  pack: (plain) => plain,
  *packInTurns(plain) {
    yield;
    return [plain];
  },
  store: () => ({ before: Buffer.alloc(0), after: Buffer.alloc(0) }),
  unpack: (packed) => packed,
  *unpackInPieces(packed) {
    yield* packed;
  },
};

/** Versions 2 and 3: LZO1X. */
const lzo: Packing = {
  plain: false,
  largest: largestPacked,
  pack: compressLzo,
  packInTurns: compressLzoInTurns,
  store: storeLzo,
  unpack: decompressLzo,
  unpackInPieces: unpackLzo,
};

/** The packing of a version of the protocol. */
export const packingOf = (version: ProtocolVersion): Packing => (version === 1 ? none : lzo);
