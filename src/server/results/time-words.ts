import { readFile } from 'node:fs/promises';
import type { DeclaredFile } from '../inputs/declared-input.ts';
import type { DiskPath } from '../../system/byte-text.ts';

/** Macros that stand for the time of a compile, or of a file's last change, of which a key knows nothing. */
const words = ['__DATE__', '__TIME__', '__TIMESTAMP__'];

/** Contents that are remembered: each takes about a hundred bytes. */
const mostKnown = 65_536;

/** Knows in which contents a compile's time may be asked for; each is read once. */
export class TimeWords {
  /** By hashes of contents. */
  readonly #known = new Map<string, boolean>();

  /**
   * Whether one of these files has such a word somewhere, in a comment too.
   * @param onDisk where a client's path is on this machine
   * @throws the system's error
   */
  async areIn(files: readonly DeclaredFile[], onDisk: (path: string) => DiskPath): Promise<boolean> {
    for (const { hash, path } of files) {
      const known = this.#known.get(hash) ?? (await this.#look(hash, onDisk(path)));
      if (known) return true;
    }
    return false;
  }

  async #look(hash: string, place: DiskPath): Promise<boolean> {
    const bytes = await readFile(place);
    const found = words.some((word) => bytes.includes(word));
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(hash, found);
    return found;
  }
}
