import type { StateFile } from './state-folder.ts';

/**
 * A phase is written only when it lasts this long, in ms: monitors look about once a second and would miss a shorter
 * one.
 */
const unseen = 100;

/** Delays the reports of a process that does many jobs, so that only phases that last are written. */
export class LateStates {
  readonly #waiting = new Map<StateFile, () => void>();
  #timer: NodeJS.Timeout | undefined;

  /** A state file whose reports are written late, or never when the job ends before that. */
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
