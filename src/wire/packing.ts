import type { Steps } from '../basics/steps.ts';
import { compressLzo, compressLzoInTurns, largestPacked, storeLzo } from './lzo/compress.ts';
import { decompressLzo } from './lzo/decompress.ts';
import { unpackLzo } from './lzo/unpack.ts';
import type { ProtocolVersion } from './protocol-version.ts';

/** How the content of a file is packed on its way; one that is empty never is. */
export interface Packing {
  /** Whether bytes go as they are. */
  readonly plain: boolean;
  /** How many bytes `length` bytes become at most. */
  largest(this: void, length: number): number;
  pack(this: void, plain: Buffer): Buffer;
  /** Packs in steps; gives the pieces. */
  packInTurns(this: void, plain: Buffer): Steps<Buffer[]>;
  /** What stands around `length` bytes that are sent without being packed, for who lacks the memory for that. */
  store(this: void, length: number): { readonly before: Buffer; readonly after: Buffer };
  /** Unpacks at most `ceiling` bytes. @throws ProtocolError of kind 'compression' or 'too large' */
  unpack(this: void, packed: Buffer, ceiling: number): Buffer;
  /**
   * Unpacks at most `ceiling` bytes piece by piece: each is good until the next one is asked for. @throws ProtocolError
   */
  unpackInPieces(this: void, packed: Iterable<Buffer>, ceiling: number): Generator<Buffer, void, void>;
}

/** As they are. */
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

/** LZO1X. */
const lzo: Packing = {
  plain: false,
  largest: largestPacked,
  pack: compressLzo,
  packInTurns: compressLzoInTurns,
  store: storeLzo,
  unpack: decompressLzo,
  unpackInPieces: unpackLzo,
};

/** How a version of the protocol packs. */
export const packingOf = (version: ProtocolVersion): Packing => (version === 1 ? none : lzo);
