import type { StateFile } from './state-folder.ts';

/**
 * How long a phase may go unseen, in ms: monitors look about once a second, and what is over sooner is a write that
 * nobody reads.
 */
const unseen = 100;

/** Puts off what the jobs of a process that does many report, so that only what lasts is written. */
export class LateStates {
  readonly #waiting = new Map<StateFile, () => void>();
  #timer: NodeJS.Timeout | undefined;

  /** A state file whose reports are written late, or never when the job is over before. */
  of(file: StateFile): StateFile {
    return {
      know: (side, report) => file.know(side, report),
      show: (side, phase, report = {}) => {
        file.know(side, report);
        this.#put(file, () => file.show(side, phase));
      },
      remove: () => {
        this.#waiting.delete(file);
        file.remove();
      },
    };
  }

  #put(file: StateFile, write: () => void): void {
    this.#waiting.set(file, write);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const late of this.#waiting.values()) late();
      this.#waiting.clear();
    }, unseen).unref();
  }
}
