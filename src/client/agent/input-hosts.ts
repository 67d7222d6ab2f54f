import type { Caps } from '../../wire/inputs/caps.ts';
import { CompilerUnfit, GivenUp, JobRefused, TransportError } from '../job/faults.ts';
import { InputSession } from './input-session.ts';

/** Whether a host, or who asked it, has failed in a way that tells nothing of other jobs. */
const isAboutJob = (error: TransportError): boolean =>
  error instanceof JobRefused || error instanceof CompilerUnfit || error instanceof GivenUp;

/** What is known of a host's offer to compile from inputs. */
type Offer = 'unknown' | 'none' | 'inputs';

interface KnownHost {
  offer: Offer;
  /** Whether it has been asked for its offer by a job for that alone. */
  asked: boolean;
  /** How many ordinary jobs it has. */
  jobs: number;
  /** The job that asks it. */
  asking: Promise<void> | undefined;
  /** When a host that offers nothing, or has failed, is looked at anew, by the agent's clock. */
  again: number;
  keepsResults: boolean;
  /** What it has said of its compilers, by their names. */
  compilers: ReadonlyMap<string, string>;
  /** Whether it has said anything after an answer. */
  offers: boolean;
  session: InputSession;
  /** Comes when the session has its nonce, or somebody has failed to get it. */
  meeting: Promise<void> | undefined;
  failures: number;
}

/** A session, and who begins it. */
export interface Meeting {
  readonly session: InputSession;
  /** Undefined when the host has been met. */
  readonly met: (() => void) | undefined;
}

/** Compilers of one host that are remembered. */
const mostCompilers = 1024;

/** After this many failures without a success between them a host only gets preprocessed text, for a while. */
const mostFailures = 3;

/** How long that is, in ms; and how long a host that offers nothing is not asked again: it may be upgraded. */
const pauseMs = 600_000;

/** Which hosts of this agent offer to compile from inputs, and the sessions with them. */
export class InputHosts {
  readonly #hosts = new Map<string, KnownHost>();
  readonly #now: () => number;

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** `host` is a name and a port, or what else tells hosts apart. */
  #of(host: string): KnownHost {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const made: KnownHost = {
      offer: 'unknown',
      asked: false,
      jobs: 0,
      asking: undefined,
      again: 0,
      keepsResults: false,
      compilers: new Map(),
      offers: false,
      session: new InputSession(),
      meeting: undefined,
      failures: 0,
    };
    this.#hosts.set(host, made);
    return made;
  }

  offerOf(host: string): Offer {
    const known = this.#hosts.get(host);
    if (known === undefined) return 'unknown';
    if (known.offer === 'none' && this.#now() >= known.again) {
      known.offer = 'unknown';
      known.failures = 0;
    }
    return known.offer;
  }

  /** Whether a host has not told its offer because nobody has asked, or nobody has heard the answer yet. */
  mayBeAsked(host: string): boolean {
    if (this.offerOf(host) !== 'unknown') return false;
    const { asked, asking } = this.#of(host);
    return !asked || asking !== undefined;
  }

  /**
   * Has the first who comes ask a host for its offer; the others wait. When the host cannot be reached all of them get
   * that error; with any other error only the one who asked. Undefined for a host that is not asked.
   */
  askOnce(host: string, ask: () => Promise<void>): Promise<void> | undefined {
    if (!this.mayBeAsked(host)) return undefined;
    const known = this.#of(host);
    const other = known.asking;
    if (other !== undefined)
      return other.catch((error: unknown) => {
        if (error instanceof TransportError && !isAboutJob(error)) throw error;
      });
    known.asked = true;
    const asking = ask().finally(() => (known.asking = undefined));
    known.asking = asking;
    return asking;
  }

  /** Notes an ordinary job of a host, whose answer may tell the offer, until it has ended. */
  meetByJob(host: string): () => void {
    const known = this.#of(host);
    known.jobs += 1;
    return () => void (known.jobs -= 1);
  }

  /** Whether a host has an ordinary job. */
  isMetByJob(host: string): boolean {
    return (this.#hosts.get(host)?.jobs ?? 0) > 0;
  }

  /** The job that asks a host just now. */
  asking(host: string): Promise<void> | undefined {
    return this.#hosts.get(host)?.asking;
  }

  #giveUp(known: KnownHost): void {
    known.offer = 'none';
    known.again = this.#now() + pauseMs;
  }

  /** What a host has said after an answer. One that will offer it later is asked again. */
  noteOffer(host: string, offer: Caps | undefined): void {
    const known = this.#of(host);
    known.offers = offer !== undefined;
    if (known.offer !== 'unknown' || offer?.later === true) return;
    if (offer?.tree === true) known.offer = 'inputs';
    else this.#giveUp(known);
    known.keepsResults = offer?.results === true;
  }

  /** Whether a host has said something after an answer, and may have more to say after another. */
  offersAfterAnswers(host: string): boolean {
    return this.#hosts.get(host)?.offers === true;
  }

  /** What a host has said of all its compilers. */
  noteCompilers(host: string, compilers: Readonly<Record<string, string>>): void {
    this.#of(host).compilers = new Map(Object.entries(compilers).slice(0, mostCompilers));
  }

  /** What it has said of one; undefined when it has said nothing. */
  noteCompiler(host: string, compiler: string, text: string | undefined): void {
    const known = this.#of(host);
    const others = [...known.compilers].filter(([name]) => name !== compiler).slice(0, mostCompilers - 1);
    known.compilers = new Map(text === undefined ? others : [...others, [compiler, text]]);
  }

  /** What a host has said of a compiler. */
  compilerOf(host: string, compiler: string): string | undefined {
    return this.#hosts.get(host)?.compilers.get(compiler);
  }

  /** Whether a host keeps results of compiles from inputs. */
  keepsResults(host: string): boolean {
    const known = this.#hosts.get(host);
    return known !== undefined && known.offer === 'inputs' && known.keepsResults;
  }

  succeeded(host: string): void {
    this.#of(host).failures = 0;
  }

  /** How often the host has failed since it did not; a job that begins notes it for failed(). */
  failuresOf(host: string): number {
    return this.#of(host).failures;
  }

  /**
   * Whether the host is not asked any more. Jobs that were at work together fail together when a server is restarted,
   * and count as one: `before` is failuresOf() when the job began.
   */
  failed(host: string, before: number): boolean {
    const known = this.#of(host);
    if (known.failures !== before) return false;
    known.failures += 1;
    if (known.failures < mostFailures) return false;
    this.#giveUp(known);
    return true;
  }

  /**
   * The session for a job with that many inputs. The first job of a session meets the host, and has to call `met` when
   * it has, or cannot; the others wait for that. A host that has the secret, and was not heard to say so, would wait
   * for a job: after a meeting without a nonce the next one has another secret.
   */
  async meet(host: string, count: number): Promise<Meeting> {
    const known = this.#of(host);
    while (known.meeting !== undefined) await known.meeting;
    if (!known.session.hasRoomFor(count)) known.session = new InputSession();
    const { session } = known;
    if (session.nonce !== undefined) return { session, met: undefined };
    let met = (): void => {};
    known.meeting = new Promise((resolve) => {
      met = () => {
        if (session.nonce === undefined && known.session === session) known.session = new InputSession();
        known.meeting = undefined;
        resolve();
      };
    });
    return { session, met };
  }
}
