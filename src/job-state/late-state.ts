import type { StateFile } from './state-folder.ts';

/**
 * A phase is written only when it lasts this long, in ms: monitors look about once a second and would miss a shorter
 * one.
 */
const unseen = 100;

/** How often, in ms, a process in which nothing else happens looks whether something is to be written. */
const patience = 300;

/** What is to be written, and from when on. */
interface Late {
  readonly write: () => void;
  readonly due: number;
}

/**
 * Delays the reports of a process that does many jobs, so that only phases that last are written. They are written
 * when the process is awake anyway: to wake it for each would cost more than the writing.
 */
export class LateStates {
  readonly #waiting = new Map<StateFile, Late>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;

  /** `now` gives ms on a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A state file whose reports are written late, or never when the job ends before that. */
  of(file: StateFile): StateFile {
    return {
      know: (side, report) => file.know(side, report),
      show: (side, phase, report = {}) => {
        file.know(side, report);
        this.#waiting.delete(file);
        this.#waiting.set(file, { write: () => file.show(side, phase), due: this.#now() + unseen });
        if (this.#timer === undefined) this.#wakeLater();
      },
      remove: () => {
        this.#waiting.delete(file);
        file.remove();
      },
    };
  }

  /** Writes what is due; to be called when the process is awake. */
  catchUp(): void {
    if (this.#waiting.size === 0) return;
    const now = this.#now();
    // The oldest ones are the first.
    for (const [file, { write, due }] of this.#waiting) {
      if (due > now) break;
      this.#waiting.delete(file);
      write();
    }
  }

  #wakeLater(): void {
    this.#timer = setTimeout(() => this.#wake(), patience).unref();
  }

  #wake(): void {
    this.#timer = undefined;
    this.catchUp();
    if (this.#waiting.size > 0) this.#wakeLater();
  }
}
