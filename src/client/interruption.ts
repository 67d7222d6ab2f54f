/** The signals by which a user ends a build. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns the signals that end a client into one that its waits understand. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Stops listening: from now on a signal ends the process at once. */
  disarm(): void;
  /** Dies by the signal that came, so that the caller sees what happened; returns when none came. */
  die(): void;
}

/** Listens from now on. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let came: NodeJS.Signals | undefined;
  const note = (name: NodeJS.Signals): void => {
    came ??= name;
    controller.abort();
    // The first signal lets us clean up; a second one ends us whatever we do.
    disarm();
  };
  const disarm = (): void => {
    for (const name of endings) process.removeListener(name, note);
  };
  for (const name of endings) process.on(name, note);
  return {
    signal: controller.signal,
    disarm,
    die() {
      disarm();
      if (came !== undefined) process.kill(process.pid, came);
    },
  };
}
