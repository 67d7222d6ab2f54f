/** A try to reach an address. */
export interface Dialing<T> {
  readonly answer: Promise<T>;
  /** Gives it up, also when it has just been answered. */
  cancel(this: void): void;
}

/** How long an address is tried alone, in ms (RFC 8305, section 5). */
const headStart = 250;

/**
 * Reaches the first of some addresses that answers. They are tried in their order: the next one when one has failed, or when it is silent
 * for a moment, beside it. So an address that swallows everything costs a moment and not the whole time that it is given. Throws what
 * the last one threw.
 */
export function firstToAnswer<T>(
  addresses: readonly string[],
  dial: (address: string) => Dialing<T>,
): Promise<{ readonly address: string; readonly value: T }> {
  return new Promise((resolve, reject) => {
    const left = [...addresses];
    const tried = new Set<Dialing<T>>();
    let timer: NodeJS.Timeout | undefined;
    const tryNext = (): void => {
      clearTimeout(timer);
      const address = left.shift();
      if (address === undefined) return;
      const dialing = dial(address);
      tried.add(dialing);
      if (left.length > 0) timer = setTimeout(tryNext, headStart);
      const reached = (value: T): void => {
        // Another one may have answered in the same instant, and this one has been given up.
        if (!tried.delete(dialing)) return;
        clearTimeout(timer);
        for (const other of tried) other.cancel();
        tried.clear();
        resolve({ address, value });
      };
      const failed = (error: unknown): void => {
        if (!tried.delete(dialing)) return;
        if (left.length > 0) tryNext();
        else if (tried.size === 0) reject(error);
      };
      dialing.answer.then(reached, failed);
    };
    tryNext();
  });
}
