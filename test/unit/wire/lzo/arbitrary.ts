import fc from 'fast-check';
import { echo, objectLike, text } from './samples.ts';

const seed = fc.nat(0xffff);

/** Bytes of all the kinds that are packed in life, and some that are not. */
export const plainBytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 600, max: 2 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(seed, fc.nat(5000)).map(([start, length]) => text(start, length)),
  fc.tuple(seed, fc.nat(5000)).map(([start, length]) => objectLike(start, length)),
  fc
    .tuple(seed, fc.integer({ min: 1, max: 700 }), fc.nat(60_000))
    .map(([start, length, gap]) => echo(start, length, gap)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(3000))
    .map(([pattern, length]) => Buffer.alloc(length, pattern)),
);

/** An instruction of a stream that is made up: what does not fit where it stands is made to fit. */
interface Instruction {
  readonly form: 'run' | 'small' | 'near' | 'middle' | 'far';
  readonly count: number;
  readonly distance: number;
  readonly trailing: number;
}

const length = fc.oneof({ weight: 5, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(1200) });

const instructions: fc.Arbitrary<Instruction[]> = fc.array(
  fc.record({
    form: fc.constantFrom('run', 'small', 'near', 'middle', 'far'),
    count: length,
    distance: fc.oneof(fc.nat(20), fc.nat(4000), fc.nat(60_000)),
    trailing: fc.nat(3),
  }),
  { maxLength: 60 },
);

/** Streams of every kind of instruction in any order, as the table has them: no encoder is as wild. */
export const wildStreams: fc.Arbitrary<Buffer> = fc
  .tuple(fc.nat(300), instructions)
  .map(([first, rest]) => assemble(first, rest));

function assemble(first: number, rest: readonly Instruction[]): Buffer {
  const packed: number[] = [];
  let written = 0;
  let state = 0;
  const literals = (count: number): void => {
    for (let left = count; left > 0; left -= 1) packed.push((written * 31 + left) & 255);
    written += count;
  };
  const extended = (count: number): void => {
    let left = count;
    for (; left > 255; left -= 255) packed.push(0);
    packed.push(left);
  };
  const run = (count: number): void => {
    if (count <= 18) packed.push(count - 3);
    else {
      packed.push(0);
      extended(count - 18);
    }
    literals(count);
    state = 4;
  };
  /** A distance within a kind's reach and within what was written; undefined when there is none. */
  const reach = (wanted: number, least: number, most: number): number | undefined => {
    const last = Math.min(most, written);
    return last < least ? undefined : least + (wanted % (last - least + 1));
  };
  const trailing = (count: number): void => {
    literals(count);
    state = count;
  };

  if (first > 0 && first <= 238) {
    packed.push(17 + first);
    literals(first);
    state = Math.min(first, 4);
  } else run(4 + first);
  for (const { form, count, distance, trailing: after } of rest) {
    if (form === 'run') {
      if (state === 0) run(4 + count);
    } else if (form === 'small') {
      const base = state === 4 ? 2049 : 1;
      const back = state === 0 ? undefined : reach(distance, base, base + 1023);
      if (back !== undefined) {
        packed.push((((back - base) & 3) << 2) | after, (back - base) >> 2);
        written += state === 4 ? 3 : 2;
        trailing(after);
      }
    } else if (form === 'near') {
      const back = reach(distance, 1, 2048);
      if (back !== undefined) {
        const size = 3 + (count % 6);
        packed.push(((size - 1) << 5) | (((back - 1) & 7) << 2) | after, (back - 1) >> 3);
        written += size;
        trailing(after);
      }
    } else {
      const far = form === 'far';
      const back = far ? reach(distance, 16_385, 49_151) : reach(distance, 1, 16_384);
      if (back !== undefined) {
        const inInstruction = far ? 9 : 33;
        const rest14 = far ? back - 16_384 : back - 1;
        const kind = far ? 16 | ((rest14 >> 11) & 8) : 32;
        const size = 2 + count;
        if (size > 2 && size <= inInstruction) packed.push(kind | (size - 2));
        else {
          packed.push(kind);
          extended(Math.max(size - inInstruction, 1));
        }
        packed.push(((rest14 << 2) & 0xfc) | after, (rest14 >> 6) & 0xff);
        written += size > 2 && size <= inInstruction ? size : inInstruction + Math.max(size - inInstruction, 1);
        trailing(after);
      }
    }
  }
  return Buffer.from([...packed, 0x11, 0, 0]);
}
