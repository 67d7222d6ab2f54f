import { createHmac, randomBytes } from 'node:crypto';
import type { Codec } from '../../wire/inputs/contents.ts';
import type { Input } from '../headers/inputs.ts';

/** A host knows at most this many numbers of a session; after that a new session begins. */
const mostNumbers = 65_536;

/** An input with the number that stands for it in a session. */
export interface NumberedInput {
  readonly number: number;
  readonly input: Input;
}

/** What a host is told of a job's inputs. */
export interface Declared {
  readonly uses: readonly number[];
  /** Inputs that the host may not know yet. */
  readonly unknown: readonly NumberedInput[];
}

/** Numbers of one array of inputs, sorted. */
interface Prepared {
  readonly numbers: readonly number[];
  /** The input of each number, in the same order. */
  readonly inputs: readonly Input[];
  /** Whether the host has confirmed all of them. */
  confirmed: boolean;
}

/** What this agent and one host share: a secret, a nonce, and numbers that stand for inputs. */
export class InputSession {
  /** 16 bytes that only this agent and this host know. */
  readonly secret = randomBytes(16);
  #nonce: Buffer | undefined;
  #codecs: readonly Codec[] = [];
  /** The same input is the same object as long as nothing changes. */
  readonly #numbers = new WeakMap<Input, number>();
  #given = 0;
  #confirmed = new Set<number>();
  #prepared = new WeakMap<readonly Input[], Prepared>();

  /** What the host answered to the secret; undefined before it has. */
  get nonce(): Buffer | undefined {
    return this.#nonce;
  }

  /** How the host takes packed contents. */
  get codecs(): readonly Codec[] {
    return this.#codecs;
  }

  /** Whether there are numbers for that many more inputs. */
  hasRoomFor(count: number): boolean {
    return this.#given + count <= mostNumbers;
  }

  /** The host has made the session, perhaps once more: it knows no numbers. */
  welcomed(nonce: Buffer, codecs: readonly Codec[]): void {
    this.#codecs = codecs;
    if (this.#nonce?.equals(nonce) === true) return;
    this.#nonce = nonce;
    this.#confirmed = new Set();
    this.#prepared = new WeakMap();
  }

  #numberOf(input: Input): number {
    const known = this.#numbers.get(input);
    if (known !== undefined) return known;
    const number = this.#given;
    this.#given += 1;
    this.#numbers.set(input, number);
    return number;
  }

  #prepare(inputs: readonly Input[]): Prepared {
    const known = this.#prepared.get(inputs);
    if (known !== undefined) return known;
    const numbered = inputs.map((input) => ({ input, number: this.#numberOf(input) }));
    numbered.sort((one, other) => one.number - other.number);
    const made = {
      numbers: numbered.map(({ number }) => number),
      inputs: numbered.map(({ input }) => input),
      confirmed: false,
    };
    this.#prepared.set(inputs, made);
    return made;
  }

  /** The numbers of a job's inputs; the same array gives the same numbers. */
  declare(inputs: readonly Input[]): Declared {
    const prepared = this.#prepare(inputs);
    const { numbers } = prepared;
    if (prepared.confirmed) return { uses: numbers, unknown: [] };
    const unknown: NumberedInput[] = [];
    for (const [at, number] of numbers.entries()) {
      const input = prepared.inputs[at];
      if (input !== undefined && !this.#confirmed.has(number)) unknown.push({ number, input });
    }
    return { uses: numbers, unknown };
  }

  /** The host has read a message with these inputs. */
  confirm(inputs: readonly Input[]): void {
    const prepared = this.#prepare(inputs);
    if (prepared.confirmed) return;
    for (const number of prepared.numbers) this.#confirmed.add(number);
    prepared.confirmed = true;
  }

  /** The inputs that have these numbers among a job's; undefined for a number that is not among them. */
  inputsOf(numbers: readonly number[], inputs: readonly Input[]): (Input | undefined)[] {
    const prepared = this.#prepare(inputs);
    const byNumber = new Map(prepared.numbers.map((number, at) => [number, prepared.inputs[at]]));
    return numbers.map((number) => byNumber.get(number));
  }
}

/** The proof that we have a content: its key, which only that tells, and what the host has just made up. */
export function proofOf(key: string, nonce: Buffer): Buffer {
  return createHmac('sha256', Buffer.from(key, 'latin1')).update(nonce).digest();
}
