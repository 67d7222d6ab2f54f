import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';

/** What the system says of a file: equal texts while it has not been replaced. @throws the system's error */
export function fileStamp(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const pieces: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 256 * 1024 });
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** Files that are remembered, no more than a mistake would bring. */
const mostKnown = 4096;

/** SHA-256 of files, hexadecimal; a content is read again when its file has changed. */
export class FileHashes {
  readonly #files = new Map<string, { readonly stamp: string; readonly hash: Promise<string> }>();

  /** The hash of a file that has that stamp now. Rejects with the system's error. */
  of(path: string, stamp = fileStamp(path)): Promise<string> {
    const known = this.#files.get(path);
    if (known?.stamp === stamp) return known.hash;
    if (this.#files.size >= mostKnown) this.#files.clear();
    const hash = hashOf(path);
    this.#files.set(path, { stamp, hash });
    // What failed is tried again.
    hash.catch(() => this.#files.delete(path));
    return hash;
  }
}
