/** A host, or the connection to it, failed; the message is a sentence for the log. */
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

/** A host works but refused this job; the message is the host's sentence. */
export class JobRefused extends TransportError {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'JobRefused';
  }
}

/**
 * A host works, but lacks the job's compiler or has a different one of that name; the message is a sentence about the
 * host, without its name.
 */
export class CompilerUnfit extends TransportError {
  /**
   * How: it lacks the compiler, has one whose objects are of no use here, or has one of another version, which the user
   * may want all the same.
   */
  readonly kind: 'missing' | 'useless' | 'other';

  constructor(sentence: string, kind: CompilerUnfit['kind']) {
    super(sentence);
    this.name = 'CompilerUnfit';
    this.kind = kind;
  }
}

/** A host has not compiled a job from its inputs, and may compile it from preprocessed text; the message is the reason. */
export class InputsFailed extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'InputsFailed';
  }
}

/** The same, because the inputs are not what they were when they were declared: the host is not to blame. */
export class InputsChanged extends InputsFailed {
  constructor(path: string) {
    super(`"${path}" has changed meanwhile`);
    this.name = 'InputsChanged';
  }
}

/** The same, because no host could read the request: none is to blame. */
export class InputsUnfit extends InputsFailed {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'InputsUnfit';
  }
}

/** What an earlier job has told of a job's inputs is not so any more: they must be looked for. No host is to blame. */
export class InputsOutdated extends Error {
  constructor() {
    super('what it may read has changed');
    this.name = 'InputsOutdated';
  }
}

/** A request was cancelled for a reason that has nothing to do with the host. */
export class GivenUp extends TransportError {
  constructor() {
    super('the connection was given up');
    this.name = 'GivenUp';
  }
}

/** Only the compiler here can do this job, whatever hosts there are; the message is the reason. */
export class OnlyHere extends Error {
  /** What the user can do to have it distributed. */
  readonly cure: string;

  constructor(because: string, options?: ErrorOptions) {
    super(because, options);
    this.name = 'OnlyHere';
    this.cure = 'see what the compiler here says';
  }
}

/**
 * This machine cannot distribute the job, as without free descriptors: no host is to blame, and no other host is tried.
 */
export class CannotDistribute extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'CannotDistribute';
  }
}

/** The user has interrupted the client: nothing more is started. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** One promise for each signal: a listener for every wait of a job would cost more than the waits. */
const interruptions = new WeakMap<AbortSignal, Promise<never>>();

function interruptionBy(signal: AbortSignal): Promise<never> {
  const known = interruptions.get(signal);
  if (known !== undefined) return known;
  const made = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(new Interrupted());
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  // Keeps Node from ending the process when the signal fires while nobody waits.
  made.catch(() => {});
  interruptions.set(signal, made);
  return made;
}

/** Waits for a promise; throws Interrupted when the signal fires first. */
export function unlessInterrupted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([promise, interruptionBy(signal)]);
}
