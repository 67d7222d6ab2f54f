import { ByteQueue } from '../../basics/byte-queue.ts';
import { ProtocolError } from './protocol-error.ts';

/** What a message's reader asks for: a number of bytes. */
export interface Need {
  readonly exactly: number;
  /** What the bytes are, for the sentence about a message that was cut short: `the token "DIST"`. */
  readonly of?: string;
  /** Whether the message may end here instead; the reader then gets no bytes. */
  readonly orEnd?: boolean;
  /**
   * For what may be long: how many of the bytes the reader has already. It gets some of the others as soon as there are
   * enough to be worth it, and asks again: nothing long is ever copied into one piece.
   */
  readonly had?: number;
  /** Whether the peer may take its time before these bytes: its preprocessor runs. */
  readonly unhurried?: boolean;
}

/** This many bytes are worth handing on. */
const pieceLength = 64 * 1024;

/** How many bytes have to be there before the reader gets some. */
const due = ({ exactly, had }: Need): number => (had === undefined ? exactly : Math.min(exactly - had, pieceLength));

/** A message's reader: asks for bytes by yielding what it needs, and returns the value it read. */
export type Grammar<T> = Generator<Need, T, Buffer>;

const nothing = Buffer.alloc(0);

/** Feeds a message's reader with bytes as they come, in pieces of any size; one decoder reads one message. */
export class Decoder<T> {
  readonly #grammar: Grammar<T>;
  readonly #queue = new ByteQueue();
  /** What the reader waits for; a new one has not been asked yet, and starts as if it had asked for no bytes. */
  #state: IteratorResult<Need, T> = { done: false, value: { exactly: 0 } };
  #surplus = 0;
  #fault: unknown;

  constructor(grammar: Grammar<T>) {
    this.#grammar = grammar;
    this.#serve();
  }

  /**
   * Takes a piece, which the caller must not write to afterwards; throws a ProtocolError as soon as the bytes are
   * wrong.
   */
  feed(chunk: Buffer): void {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#state.done === true) this.#surplus += chunk.length;
    else {
      this.#queue.push(chunk);
      this.#serve();
    }
  }

  /** Says that nothing more will come; throws a ProtocolError of kind 'truncated' unless the message is complete. */
  end(): void {
    if (this.#fault !== undefined) throw this.#fault;
    while (this.#state.done !== true) {
      const { exactly, of, orEnd, had = 0 } = this.#state.value;
      if (orEnd !== true || this.#queue.length > 0) {
        const came = `${had + this.#queue.length} of the ${exactly} bytes${of === undefined ? '' : ` of ${of}`}`;
        this.#fault = new ProtocolError('truncated', `the connection ended after ${came}`);
        throw this.#fault;
      }
      this.#resume(nothing);
    }
  }

  /** How many bytes the reader still lacks to go on; 0 when the message is complete. */
  get wanted(): number {
    if (this.#state.done === true) return 0;
    const { exactly, had = 0 } = this.#state.value;
    return exactly - had - this.#queue.length;
  }

  /** Whether the peer may take its time now. */
  get unhurried(): boolean {
    return this.#state.done !== true && this.#state.value.unhurried === true && this.#queue.length === 0;
  }

  /** The value, once the message is complete. */
  get result(): { readonly value: T } | undefined {
    return this.#state.done === true ? this.#state : undefined;
  }

  /** How many bytes came after the end of the message. */
  get surplus(): number {
    return this.#surplus;
  }

  /** Takes those of them that came in one piece with the end; what was fed later is counted, not kept. */
  takeRest(): Buffer {
    return this.#queue.take(this.#queue.length);
  }

  #serve(): void {
    while (this.#state.done !== true && due(this.#state.value) <= this.#queue.length) {
      const { exactly, had } = this.#state.value;
      this.#resume(had === undefined ? this.#queue.take(exactly) : this.#queue.takeSome(exactly - had));
    }
    if (this.#state.done === true) this.#surplus = this.#queue.length;
  }

  #resume(bytes: Buffer): void {
    try {
      this.#state = this.#grammar.next(bytes);
    } catch (error) {
      // A generator that threw would claim to be complete when asked again.
      this.#fault = error;
      throw error;
    }
  }
}
