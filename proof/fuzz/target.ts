import { Failure } from '../../src/basics/failure.ts';
import { ProtocolError } from '../../src/wire/reading/protocol-error.ts';

/** A part of the product that reads what strangers write. */
export interface Target {
  readonly name: string;
  /** Inputs that are read well, which the others are made from. */
  readonly seeds: readonly [Buffer, ...Buffer[]];
  /** What is put into inputs besides bytes. */
  readonly dictionary: readonly [string, ...string[]];
  /**
   * Reads one input. Gives a sign of what came of it: inputs with a new sign are kept to make others from.
   * @throws anything but a foreseen error, which is what is looked for
   */
  readonly read: (input: Buffer) => string | Promise<string>;
  /** Takes away what it needed to run. */
  readonly close?: () => void;
}

/** Ends with an error unless a promise of the product holds. */
export function expectThat(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`broken: ${promise}`);
}

const sentence = /^\P{Cc}+$/u;

/** The sentence of a foreseen error, without what differs from input to input; any other error is thrown on. */
export function signOf(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtocolError) && !(error instanceof Failure)) throw error;
    // What a stranger sent is quoted in logs; a user's own words may be shown as they are.
    const fine = error instanceof Failure ? error.message !== '' : sentence.test(error.message);
    expectThat(fine, `an error is one line of text: ${JSON.stringify(error.message)}`);
    return error.message.replaceAll(/"[^"]*"|\d+|[0-9a-f]{8}/g, '#').slice(0, 80);
  }
}

/** The parts of an input that stands for several texts. */
export function textsOf(input: Buffer): string[] {
  return input.toString('utf8').split('\0');
}

/** An input that stands for several texts. */
export function inputOf(...texts: readonly string[]): Buffer {
  return Buffer.from(texts.join('\0'));
}
