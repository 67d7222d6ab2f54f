/**
 * A long computation in short steps; what it comes to is what it returns. Whoever serves others meanwhile stops between
 * two of them.
 */
export type Steps<T> = Generator<void, T, void>;

/** Takes all steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
