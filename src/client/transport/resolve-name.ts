import { systemReason } from '../../system/error-text.ts';
import { isIP } from 'node:net';

import { TransportError } from '../job/faults.ts';

/** Asks the system for the addresses of a name; throws an Error whose message is the reason. */
export type LookUp = (name: string) => Promise<readonly string[]>;

/** How long a job waits for an address, in ms. */
const patience = 4000;
/** How long an answer is remembered, in ms. */
const answerHolds = 60_000;
/**
 * How long a failure is remembered, in ms: long enough for the jobs of one moment, short enough for a user who has just
 * repaired it.
 */
const failureHolds = 5000;

interface Known {
  answer: Promise<readonly string[]>;
  /** When it is forgotten; Infinity until the system has answered. */
  until: number;
}

/**
 * The addresses of hosts by their names. All jobs that need a name share one look-up, which none of them can cancel,
 * and its result is remembered for a while. When the resolver does not answer for a name, each job waits at most 4 s,
 * and only one look-up runs at a time.
 */
export class NameResolver {
  readonly #known = new Map<string, Known>();
  readonly #lookUp: LookUp;
  readonly #now: () => number;

  /** `now` is a clock in ms. */
  constructor(lookUp: LookUp, now: () => number) {
    this.#lookUp = lookUp;
    this.#now = now;
  }

  /** The addresses of a name, the best first; an address stands for itself. Throws a TransportError. */
  addressesOf(name: string): Promise<readonly string[]> {
    if (isIP(name) !== 0) return Promise.resolve([name]);
    for (const [old, { until }] of this.#known) if (until <= this.#now()) this.#known.delete(old);
    const known = this.#known.get(name);
    return known === undefined ? this.#ask(name) : known.answer;
  }

  #ask(name: string): Promise<readonly string[]> {
    const asked = this.#lookUp(name).then(
      (addresses) => {
        if (addresses.length === 0) throw new TransportError(`host ${name} has no address`);
        return addresses;
      },
      (error: unknown) => {
        throw new TransportError(`failed to resolve host ${name}: ${systemReason(error)}`, { cause: error });
      },
    );
    const known: Known = { answer: inTime(asked, name), until: Infinity };
    this.#known.set(name, known);
    // A late answer replaces the failure that jobs have been told meanwhile.
    const settle = (holds: number): void => {
      known.answer = asked;
      known.until = this.#now() + holds;
    };
    asked.then(
      () => settle(answerHolds),
      () => settle(failureHolds),
    );
    return known.answer;
  }
}

/** Waits for a look-up, and fails when it takes too long. */
async function inTime(asked: Promise<readonly string[]>, name: string): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const sentence = `cannot find the address of ${name}: the resolver did not answer in ${patience / 1000} s`;
      reject(new TransportError(sentence));
    }, patience);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
