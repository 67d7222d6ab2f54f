/**
 * A host could not do a job for a reason that lies in it or on the way to it; the message is one sentence for the log.
 */
export class TransportError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'TransportError';
  }
}

/** A host took the connection, and closed it before its answer was whole. */
export class ConnectionLost extends TransportError {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'ConnectionLost';
  }
}

/** A host works but does not do this job; the message is its sentence. */
export class JobRefused extends TransportError {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'JobRefused';
  }
}

/**
 * A host works, but it has no compiler of that name that does what ours does; the message is a sentence about the
 * host, without its name.
 */
export class CompilerUnfit extends TransportError {
  /** Whether there is none; else it does something else. */
  readonly missing: boolean;

  constructor(sentence: string, missing: boolean) {
    super(sentence);
    this.name = 'CompilerUnfit';
    this.missing = missing;
  }
}

/** A host has not compiled a job from its inputs, and may compile it from preprocessed text; the message is the reason. */
export class InputsFailed extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'InputsFailed';
  }
}

/** The way to a host was given up for a reason that does not lie there. */
export class GivenUp extends TransportError {
  constructor() {
    super('the connection was given up');
    this.name = 'GivenUp';
  }
}

/** A job is for the compiler here, whichever host would be asked: the message is the reason. */
export class OnlyHere extends Error {
  /** What would have it distributed. */
  readonly cure: string;

  constructor(because: string, options?: ErrorOptions) {
    super(because, options);
    this.name = 'OnlyHere';
    this.cure = 'see what the compiler here says';
  }
}

/** A job cannot be distributed for a reason that lies in this machine: no host is to blame, and none is asked. */
export class CannotDistribute extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'CannotDistribute';
  }
}

/** The user ends the client; nothing is started any more. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** One for each signal: listening anew for every wait of a job costs more than the waits. */
const interruptions = new WeakMap<AbortSignal, Promise<never>>();

function interruptionBy(signal: AbortSignal): Promise<never> {
  const known = interruptions.get(signal);
  if (known !== undefined) return known;
  const made = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(new Interrupted());
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  // Most waits end without one, and nobody waits between them.
  made.catch(() => {});
  interruptions.set(signal, made);
  return made;
}

/** Waits for a promise, and stops waiting with an Interrupted when the signal comes first. */
export function unlessInterrupted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([promise, interruptionBy(signal)]);
}
