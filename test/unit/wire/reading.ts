import { Decoder } from '../../../src/wire/reading/decoder.ts';
import type { Grammar } from '../../../src/wire/reading/decoder.ts';

/** Reads a message that came in these pieces, and was ended then when the message may end before its last packet. */
export function readPieces<T>(grammar: Grammar<T>, pieces: readonly Buffer[]): T {
  const decoder = new Decoder(grammar);
  for (const piece of pieces) decoder.feed(piece);
  decoder.end();
  if (decoder.result === undefined) throw new Error('the decoder ended without a value');
  if (decoder.surplus > 0) throw new Error(`the decoder left ${decoder.surplus} bytes over`);
  return decoder.result.value;
}

/** Reads a message that came whole. */
export function read<T>(grammar: Grammar<T>, bytes: Buffer | string): T {
  return readPieces(grammar, [Buffer.from(bytes)]);
}

/** The same bytes, one by one. */
export function singly(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte));
}

/** The same bytes in two pieces, for every place between two of them. */
export function* everyCut(bytes: Buffer): Generator<[Buffer, Buffer]> {
  for (let place = 0; place <= bytes.length; place += 1) yield [bytes.subarray(0, place), bytes.subarray(place)];
}

/** What reading throws; an Error of its own when it throws nothing. */
export function faultOf(reading: () => unknown): unknown {
  try {
    return new Error(`was read as ${String(reading())}`);
  } catch (error) {
    return error;
  }
}
