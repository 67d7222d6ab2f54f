import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { errorCode } from '../../system/error-text.ts';
import type { ArrivedContent, Codec } from '../../wire/inputs/contents.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';

/** What Node has from 22.15 on, which its types here do not know. */
interface Zstd {
  readonly zstdDecompressSync?: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
  readonly createZstdDecompress?: () => NodeJS.ReadWriteStream;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- functions that are missing are looked for
const { zstdDecompressSync, createZstdDecompress } = zlib as Zstd;

/** The codecs that this Node unpacks, in which clients may send. */
export const knownCodecs: readonly Codec[] = [
  'deflate',
  ...(zstdDecompressSync === undefined || createZstdDecompress === undefined ? [] : (['zstd'] as const)),
];

const wrong = (number: number, sentence: string): ProtocolError =>
  new ProtocolError('compression', `the content of number ${number} ${sentence}`);

/** The errors of zlib, in one sentence. */
function unpackingFailed(number: number, error: unknown): unknown {
  const code = errorCode(error) ?? '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return wrong(number, 'is longer than was said');
  return /^(?:Z_|ZSTD_|ERR_)/.test(code) ? wrong(number, 'cannot be unpacked') : error;
}

/** Unpacks a content at once, for a short one; its length is for the caller to compare. @throws ProtocolError */
export function unpackNow({ number, codec, length, pieces }: ArrivedContent): Buffer {
  const [first = Buffer.alloc(0)] = pieces;
  const bytes = pieces.length < 2 ? first : Buffer.concat(pieces);
  if (codec === 'raw') return bytes;
  // Zero would mean no limit.
  const limit = { maxOutputLength: Math.max(1, length) };
  try {
    if (codec === 'deflate') return zlib.inflateRawSync(bytes, limit);
    if (zstdDecompressSync !== undefined) return zstdDecompressSync(bytes, limit);
  } catch (error) {
    throw unpackingFailed(number, error);
  }
  throw wrong(number, 'is packed as this server cannot unpack it');
}

/** The same in pieces, in another thread; no more than was said. @throws ProtocolError */
export async function* unpackPieces({ number, codec, length, pieces }: ArrivedContent): AsyncGenerator<Buffer> {
  if (codec === 'raw') {
    yield* pieces;
    return;
  }
  const unpacker = codec === 'deflate' ? zlib.createInflateRaw() : createZstdDecompress?.();
  if (unpacker === undefined) throw wrong(number, 'is packed as this server cannot unpack it');
  let left = length;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what such a stream gives are buffers
    for await (const piece of Readable.from(pieces, { objectMode: true }).pipe(unpacker) as AsyncIterable<Buffer>) {
      left -= piece.length;
      if (left < 0) throw wrong(number, 'is longer than was said');
      yield piece;
    }
  } catch (error) {
    throw unpackingFailed(number, error);
  }
}
