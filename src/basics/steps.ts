/**
 * A long computation in short steps; its return value is the result. Between two steps the caller can serve somebody
 * else.
 */
export type Steps<T> = Generator<void, T, void>;

/** Runs all steps without a pause. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
