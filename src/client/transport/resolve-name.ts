import { systemReason } from '../../system/error-text.ts';
import { isIP } from 'node:net';

import { TransportError } from '../job/faults.ts';

/** Asks the system for the addresses of a name; throws an Error whose message is the reason. */
export type LookUp = (name: string) => Promise<readonly string[]>;

/** How long a job waits for an address, in ms. */
const patience = 4000;
/** How long an answer holds, in ms. */
const answerHolds = 60_000;
/**
 * How long it holds that there is no answer, in ms: long enough for the jobs of one moment, short enough for who mends
 * it.
 */
const failureHolds = 5000;

interface Known {
  answer: Promise<readonly string[]>;
  /** Until when it holds; endless while the system has not answered. */
  until: number;
}

/**
 * The addresses of hosts by their names. All jobs that need a name share one look-up, which none of them can break off,
 * and what came of it holds for a while. A name for which the resolver is silent costs each job at most 4 s, and never
 * more than one look-up at a time.
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

  /** The addresses of a name, the best first; an address is its own. Throws a TransportError. */
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
    // A late answer takes the place of the failure that the jobs were told meanwhile.
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

/** What was asked, or a failure when it does not come in time. */
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
