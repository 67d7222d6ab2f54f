import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';

/** The programs and libraries that a compile runs, the compiler first. */
export interface CompilerParts {
  readonly parts: readonly string[];
}

/** What a compiler was when somebody looked. */
export interface CompilerIdentity {
  /** SHA-256 over the contents of its parts, hexadecimal. */
  readonly hash: string;
  /** What the system says of them: equal while none has been replaced. */
  readonly stamp: string;
}

/** The C library and the loader change often, and what a compiler writes does not depend on them. */
const isOfSystem = (path: string): boolean =>
  /^(?:ld-[\w.-]*|ld\d*|(?:lib(?:c|m|dl|rt|pthread|mvec|resolv))[-.\d]*)\.so(?:\.\d+)*$/.test(basename(path));

function stampOf(path: string): string {
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

/** Tells compilers apart by the contents of what they run; a content is read again when its file has changed. */
export class CompilerIdentities {
  /** Content hashes by path, with the stamp that they hold for. */
  readonly #files = new Map<string, { readonly stamp: string; readonly hash: Promise<string> }>();

  /** Which compiler this is now. @throws the system's error for a part that is not there */
  async of({ parts }: CompilerParts): Promise<CompilerIdentity> {
    const own = parts.filter((path) => !isOfSystem(path));
    const stamps = own.map(stampOf);
    const hash = createHash('sha256');
    const hashes = await Promise.all(own.map((path, at) => this.#hashOf(path, stamps[at] ?? '')));
    // Where they are is part of it: a driver looks for the others beside itself.
    hash.update(JSON.stringify(own.map((path, at) => [path, hashes[at]])));
    return { hash: hash.digest('hex'), stamp: stamps.join('\n') };
  }

  /** Whether the compiler is still the one that it was. */
  isStill({ parts }: CompilerParts, { stamp }: CompilerIdentity): boolean {
    try {
      const own = parts.filter((path) => !isOfSystem(path));
      return own.map(stampOf).join('\n') === stamp;
    } catch {
      return false;
    }
  }

  #hashOf(path: string, stamp: string): Promise<string> {
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
