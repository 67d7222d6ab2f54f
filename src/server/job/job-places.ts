import { lstatSync } from 'node:fs';
import { emptyFolder } from '../../system/files/remove-folder.ts';
import type { Spool } from '../../system/files/temporary-folder.ts';
import { OutputFiles } from './output-files.ts';

/** A folder for one job. */
export interface JobFolder {
  readonly path: string;
  /** Whether something may still be at work in it, or have kept it open: then it cannot be used again. */
  isSpoiled: boolean;
}

/** More than this are not kept for later. */
const mostKept = 64;

/**
 * Folders for jobs, and files for what their compilers say. Both are used again where a compiler had processes and a
 * root of its own: then it never knew the folder's name, and nothing of it is left that could use it. To make a folder
 * and remove it costs more than all that a short job does with it.
 */
export class JobPlaces {
  readonly #spool: Spool;
  readonly #kept: string[] = [];
  readonly outputs = new OutputFiles();

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** An empty folder, mode 0700. @throws the system's error */
  lend(): JobFolder {
    for (let path = this.#kept.pop(); path !== undefined; path = this.#kept.pop()) {
      // Somebody may have removed it, as programs do that clean temporary directories.
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return { path, isSpoiled: false };
    }
    return { path: this.#spool.lend('job'), isSpoiled: false };
  }

  /** Takes a folder back with whatever is in it, which is removed. Rejects as Spool.takeBack(). */
  async takeBack({ path, isSpoiled }: JobFolder): Promise<void> {
    const about = isSpoiled || this.#kept.length >= mostKept ? undefined : emptyFolder(path);
    if (about?.mode === folderMode) this.#kept.push(path);
    else await this.#spool.takeBack(path);
  }
}

/** A directory's, for its owner only. */
const folderMode = 0o040700;
