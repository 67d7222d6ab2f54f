import { readFile } from 'node:fs/promises';
import type { DeclaredFile } from '../inputs/declared-input.ts';
import type { DiskPath } from '../../system/byte-text.ts';
import { inTurns, turnTaker } from '../limits/in-turns.ts';
import { makeTime, timePiecesInSource } from './time-pieces.ts';
import type { TimePieces } from './time-pieces.ts';

/** Contents that are remembered: each takes about a hundred bytes. */
const mostKnown = 65_536;

/** Knows in which contents a compile's time may be asked for; each is read once. */
export class TimeWords {
  /** By hashes of contents. */
  readonly #known = new Map<string, TimePieces>();

  /**
   * Whether one of these files has such a name somewhere, in a comment too, or has pieces of which a macro could make
   * one together with those of the command.
   * @param onDisk where a client's path is on this machine
   * @throws the system's error
   */
  async areIn(
    files: readonly DeclaredFile[],
    ofWords: TimePieces,
    onDisk: (path: string) => DiskPath,
  ): Promise<boolean> {
    const rest = turnTaker();
    if (makeTime(ofWords)) return true;
    for (const { hash, path } of files) {
      const known = this.#known.get(hash) ?? (await this.#look(hash, onDisk(path)));
      if (known === true || ofWords === true || (ofWords.size > 0 && makeTime(new Set([...known, ...ofWords]))))
        return true;
      await rest();
    }
    return false;
  }

  async #look(hash: string, place: DiskPath): Promise<TimePieces> {
    const found = await inTurns(timePiecesInSource(await readFile(place)));
    const kept = makeTime(found) ? true : found;
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(hash, kept);
    return kept;
  }
}
