/**
 * LZO1X as its table says it (doc/protocol.md, "LZO1X"), one byte after the other, with no care for speed: the decoder
 * that the fast one is compared with. It also tells which kinds of instruction and which distances a stream has.
 */
export interface Modelled {
  readonly plain: Buffer;
  readonly kinds: ReadonlySet<string>;
  readonly distances: ReadonlySet<number>;
}

/** Every kind of instruction that a stream can have, by the names that `unpackPlainly` gives them. */
export const everyKind = [
  'first run',
  'first run of 1 to 3',
  'run',
  'long run',
  'very long run',
  'match of 2',
  'match of 3 after a run',
  'near match of 3 or 4',
  'near match of 5 to 8',
  'middle match',
  'long middle match',
  'very long middle match',
  'far match',
  'long far match',
  'very long far match',
  'farthest match',
  'literals after a match',
  'end',
] as const;

/** Unpacks a stream; throws an Error for any fault in it. */
export function unpackPlainly(packed: Buffer): Modelled {
  const kinds = new Set<string>();
  const distances = new Set<number>();
  const plain: number[] = [];
  let place = 0;
  let state = 0;
  const next = (): number => {
    const byte = packed[place];
    if (byte === undefined) throw new Error('cut short');
    place += 1;
    return byte;
  };
  const literals = (count: number): void => {
    for (let left = count; left > 0; left -= 1) plain.push(next());
  };
  const match = (count: number, distance: number): void => {
    distances.add(distance);
    for (let left = count; left > 0; left -= 1) {
      const byte = plain[plain.length - distance];
      if (byte === undefined) throw new Error('too far back');
      plain.push(byte);
    }
  };
  const extended = (base: number, what: string): number => {
    let length = base;
    let byte = next();
    kinds.add(byte === 0 ? `very long ${what}` : `long ${what}`);
    for (; byte === 0; byte = next()) length += 255;
    return length + byte;
  };
  const trailing = (count: number): void => {
    if (count > 0) kinds.add('literals after a match');
    literals(count);
    state = count;
  };

  if ((packed[0] ?? 0) > 17) {
    const count = next() - 17;
    kinds.add(count < 4 ? 'first run of 1 to 3' : 'first run');
    literals(count);
    state = Math.min(count, 4);
  }
  for (;;) {
    const instruction = next();
    if (instruction < 16 && state === 0) {
      if (instruction > 0) kinds.add('run');
      literals((instruction > 0 ? instruction : extended(15, 'run')) + 3);
      state = 4;
    } else if (instruction < 16) {
      const further = state === 4;
      kinds.add(further ? 'match of 3 after a run' : 'match of 2');
      match(further ? 3 : 2, (next() << 2) + (instruction >> 2) + (further ? 2049 : 1));
      trailing(instruction & 3);
    } else if (instruction < 64) {
      const far = instruction < 32;
      const [mask, name] = far ? [7, 'far match'] : [31, 'middle match'];
      const inInstruction = instruction & mask;
      const count = (inInstruction > 0 ? inInstruction : extended(mask, name)) + 2;
      const word = next() | (next() << 8);
      const distance = far ? 16_384 + ((instruction & 8) << 11) + (word >> 2) : (word >> 2) + 1;
      if (far && distance === 16_384) {
        kinds.add('end');
        if (place !== packed.length) throw new Error('bytes after the end');
        return { plain: Buffer.from(plain), kinds, distances };
      }
      if (inInstruction > 0) kinds.add(name);
      if (distance > 32_768) kinds.add('farthest match');
      match(count, distance);
      trailing(word & 3);
    } else {
      kinds.add(instruction < 128 ? 'near match of 3 or 4' : 'near match of 5 to 8');
      match(
        ((instruction >> 5) & (instruction < 128 ? 1 : 3)) + (instruction < 128 ? 3 : 5),
        (next() << 3) + ((instruction >> 2) & 7) + 1,
      );
      trailing(instruction & 3);
    }
  }
}
