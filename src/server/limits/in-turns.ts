import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Steps } from '../../basics/steps.ts';

/** How long a computation may use the only thread before others have their turn, in ms. */
const turnMs = 5;

/** Runs a long computation in turns with other work. @throws what a step throws, or the reason of a signal */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const until = performance.now() + turnMs;
    do {
      const { done, value } = steps.next();
      if (done === true) return value;
    } while (performance.now() < until);
    await othersTurn();
    // So that the steps let go of what they hold.
    if (signal?.aborted === true) steps.throw(signal.reason);
    signal?.throwIfAborted();
  }
}

/** Makes what a long computation of other steps awaits between two of them: mostly nothing, at times everybody else. */
export function turnTaker(): () => Promise<void> {
  let until = performance.now() + turnMs;
  return async () => {
    if (performance.now() < until) return;
    await othersTurn();
    until = performance.now() + turnMs;
  };
}
