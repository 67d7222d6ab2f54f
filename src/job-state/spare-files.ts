import { closeSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeQuietly } from '../system/files/remove-quietly.ts';

/** What the names of spare files begin with: monitors pass them over. */
export const sparePrefix = 'spare_';

/** A process keeps at most this many. */
const mostSpares = 16;

/** An open file under a name of its own. */
export interface SpareFile {
  readonly path: string;
  readonly descriptor: number;
}

/**
 * State files that no job needs now. A process with many jobs renames a file, since making a new one may cost ten times
 * as much.
 */
export class SpareFiles {
  readonly #spares: { readonly folder: string; readonly file: SpareFile }[] = [];
  #made = 0;

  /** A file to be renamed within its folder; its content is of no use. */
  take(folder: string): SpareFile | undefined {
    const at = this.#spares.findLastIndex((spare) => spare.folder === folder);
    return at === -1 ? undefined : this.#spares.splice(at, 1)[0]?.file;
  }

  /** Takes a file that is not needed any more, or closes and removes it. */
  give(folder: string, file: SpareFile): void {
    if (this.#spares.length < mostSpares) {
      const path = join(folder, `${sparePrefix}${process.pid}_${this.#made}`);
      this.#made += 1;
      try {
        renameSync(file.path, path);
        this.#spares.push({ folder, file: { path, descriptor: file.descriptor } });
        return;
      } catch {
        // Its folder has been removed.
      }
    }
    this.#remove(file);
  }

  /** Removes all. */
  clear(): void {
    for (const { file } of this.#spares.splice(0)) this.#remove(file);
  }

  #remove({ path, descriptor }: SpareFile): void {
    closeSync(descriptor);
    removeQuietly(path);
  }
}
