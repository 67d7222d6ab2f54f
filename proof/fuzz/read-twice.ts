import { Decoder } from '../../src/wire/reading/decoder.ts';
import type { Grammar } from '../../src/wire/reading/decoder.ts';
import { expectThat, signOf } from './target.ts';

/** Reads a message that came in two pieces, which must come to the same as in one. */
export function readTwice<T>(grammar: () => Grammar<T>, input: Buffer, show: (value: T) => string): string {
  const read = (...pieces: readonly Buffer[]): string =>
    signOf(() => {
      const decoder = new Decoder(grammar());
      for (const piece of pieces) decoder.feed(piece);
      decoder.end();
      return decoder.result === undefined ? 'nothing' : show(decoder.result.value);
    });
  const cut = input.length === 0 ? 0 : (input[input.length >> 1] ?? 0) % input.length;
  const [whole, cutOnce] = [read(input), read(input.subarray(0, cut), input.subarray(cut))];
  expectThat(whole === cutOnce, `a message reads the same however it was cut: "${whole}", "${cutOnce}"`);
  return whole;
}
