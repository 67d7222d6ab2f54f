import { closeSync, openSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { writeAll } from '../../system/descriptors/write-all.ts';
import { unpackInPieces } from '../../wire/body.ts';
import type { PackedBody } from '../../wire/body.ts';
import { limits } from '../../wire/limits.ts';

const writeLater = promisify(write);

/** Up to this many bytes are written synchronously, which is faster. A longer source is written asynchronously. */
const shortLength = 256 * 1024;

/** Gives other work a turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Unpacks a source into a new file, mode 0600, piece by piece.
 * @throws ProtocolError, the error of the system, or the signal's reason
 */
export async function writeSource(path: string, source: PackedBody, signal: AbortSignal): Promise<void> {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    let written = 0;
    for (const piece of unpackInPieces(source, { ceiling: limits.bodyLength })) {
      written += piece.length;
      if (written <= shortLength) writeAll(descriptor, piece);
      else {
        await writePiece(descriptor, piece);
        await turn();
        signal.throwIfAborted();
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

async function writePiece(descriptor: number, piece: Buffer): Promise<void> {
  let done = 0;
  while (done < piece.length) {
    const { bytesWritten } = await writeLater(descriptor, piece, done, piece.length - done, null);
    done += bytesWritten;
  }
}
