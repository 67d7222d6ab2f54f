import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { FileHashes, fileStamp } from '../../system/files/file-hashes.ts';

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

/** Tells compilers apart by the contents of what they run; a content is read again when its file has changed. */
export class CompilerIdentities {
  readonly #files = new FileHashes();

  /** Which compiler this is now. @throws the system's error for a part that is not there */
  async of({ parts }: CompilerParts): Promise<CompilerIdentity> {
    const own = parts.filter((path) => !isOfSystem(path));
    const stamps = own.map((path) => fileStamp(path));
    const hash = createHash('sha256');
    const hashes = await Promise.all(own.map((path, at) => this.#files.of(path, stamps[at])));
    // Where they are is part of it: a driver looks for the others beside itself.
    hash.update(JSON.stringify(own.map((path, at) => [path, hashes[at]])));
    return { hash: hash.digest('hex'), stamp: stamps.join('\n') };
  }

  /** Whether the compiler is still the one that it was. */
  isStill({ parts }: CompilerParts, { stamp }: CompilerIdentity): boolean {
    try {
      const own = parts.filter((path) => !isOfSystem(path));
      return own.map((path) => fileStamp(path)).join('\n') === stamp;
    } catch {
      return false;
    }
  }
}
