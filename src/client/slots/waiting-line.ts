import { Interrupted } from '../job/faults.ts';

/** The result of a look. */
export interface Found<T> {
  readonly value: T;
}

/** A waiting job. */
export interface Waiting {
  readonly interrupted: AbortSignal;
  /** The process id of its launcher. */
  readonly pid: number;
  /** Jobs with the same text find the same: when one finds nothing, the others need not look. */
  readonly alike: string;
  /** What it waits for, in words. */
  why(): string;
  /** Called when it has to wait; returns a function to be called when it no longer waits. */
  begin?(this: void): () => void;
}

interface Request {
  readonly waiting: Waiting;
  readonly number: number;
  /** Looks for its job; returns whether it found something. */
  serve(): boolean;
}

/** Waiting jobs, served in the order they came. Jobs that are alike cost one look together. */
export class WaitingLine {
  readonly #kinds = new Map<string, Set<Request>>();
  #last = 0;

  /**
   * Resolves at once when `look` finds something and no earlier job waits for the same; otherwise in turn. Rejects with
   * an Interrupted.
   */
  wait<T>(look: () => Found<T> | undefined, waiting: Waiting): Promise<T> {
    const { interrupted, alike } = waiting;
    if (interrupted.aborted) return Promise.reject(new Interrupted());
    const now = this.#kinds.has(alike) ? undefined : look();
    if (now !== undefined) return Promise.resolve(now.value);
    return new Promise((resolve, reject) => {
      const end = waiting.begin?.();
      const leave = (): void => {
        this.#remove(request);
        end?.();
        reject(new Interrupted());
      };
      const serve = (): boolean => {
        const found = look();
        if (found === undefined) return false;
        interrupted.removeEventListener('abort', leave);
        end?.();
        resolve(found.value);
        return true;
      };
      this.#last += 1;
      const request: Request = { waiting, number: this.#last, serve };
      interrupted.addEventListener('abort', leave, { once: true });
      this.#kinds.set(alike, (this.#kinds.get(alike) ?? new Set()).add(request));
    });
  }

  /** All waiting jobs. */
  *requests(): Generator<Waiting> {
    for (const kind of this.#kinds.values()) for (const { waiting } of kind) yield waiting;
  }

  /** Serves every waiting job that finds something; returns whether any did. */
  serve(): boolean {
    const hopeless = new Set<string>();
    let served = false;
    for (let next = this.#oldest(hopeless); next !== undefined; next = this.#oldest(hopeless)) {
      if (next.serve()) {
        this.#remove(next);
        served = true;
      } else hopeless.add(next.waiting.alike);
    }
    return served;
  }

  #remove(request: Request): void {
    const { alike } = request.waiting;
    const kind = this.#kinds.get(alike);
    kind?.delete(request);
    if (kind?.size === 0) this.#kinds.delete(alike);
  }

  #oldest(without: ReadonlySet<string>): Request | undefined {
    let oldest: Request | undefined;
    for (const [alike, kind] of this.#kinds) {
      const [head] = kind;
      if (head === undefined || without.has(alike) || (oldest !== undefined && oldest.number < head.number)) continue;
      oldest = head;
    }
    return oldest;
  }
}
