import type { Dice } from '../dice.ts';

/** Inputs end at this length: longer ones only take longer. */
const longest = 64 * 1024;

const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] as const;

/** What a mutation may draw on. */
export interface Material {
  readonly dice: Dice;
  readonly pool: readonly [Buffer, ...Buffer[]];
  readonly dictionary: readonly [string, ...string[]];
}

type Mutation = (bytes: Buffer, material: Material) => Buffer;

const replaced = (bytes: Buffer, from: number, to: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);

/** A position, and another one up to 64 bytes, or up to the end, after it. */
function range(bytes: Buffer, dice: Dice): [number, number] {
  const from = dice.below(bytes.length + 1);
  return [from, from + dice.below(Math.min(bytes.length - from, dice.oneIn(4) ? longest : 64) + 1)];
}

/** Puts a word of the dictionary between two texts of an input that stands for several, or in place of one. */
const changeWord: Mutation = (bytes, { dice, dictionary }) => {
  const words = bytes.toString('latin1').split('\0');
  const word = Buffer.from(dice.pick(dictionary)).toString('latin1');
  words.splice(dice.below(words.length + 1), dice.below(2), ...(dice.oneIn(6) ? [] : [word]));
  return Buffer.from(words.join('\0'), 'latin1');
};

const mutations: readonly [Mutation, ...Mutation[]] = [
  (bytes, { dice }) => {
    const at = dice.below(bytes.length);
    return replaced(bytes, at, at + 1, Buffer.of((bytes[at] ?? 0) ^ (1 << dice.below(8))));
  },
  (bytes, { dice }) => {
    const at = dice.below(bytes.length);
    return replaced(bytes, at, at + 1, Buffer.of(dice.below(256)));
  },
  (bytes, { dice, dictionary }) => {
    const [from, to] = range(bytes, dice);
    return replaced(bytes, from, dice.oneIn(2) ? from : to, Buffer.from(dice.pick(dictionary)));
  },
  (bytes, { dice }) => replaced(bytes, ...range(bytes, dice), Buffer.alloc(0)),
  (bytes, { dice }) => {
    const [from, to] = range(bytes, dice);
    const times = dice.oneIn(8) ? 1 + dice.below(2000) : 1 + dice.below(3);
    const piece = bytes.subarray(from, to);
    return replaced(bytes, from, from, Buffer.alloc(Math.min(longest, piece.length * times), piece));
  },
  (bytes, { dice, pool }) => {
    const other = dice.pick(pool);
    return replaced(bytes, ...range(bytes, dice), other.subarray(...range(other, dice)));
  },
  (bytes, { dice, pool }) => Buffer.concat([bytes, dice.pick(pool)]),
  (bytes, { dice }) => bytes.subarray(0, dice.below(bytes.length + 1)),
  (bytes, { dice }) => {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(dice.oneIn(3) ? dice.below(longest) : dice.pick(numbers));
    const at = dice.below(bytes.length);
    return replaced(bytes, at, at + 4, number);
  },
  changeWord,
  changeWord,
  // The numbers of distcc's own protocol: eight hexadecimal digits after four letters.
  (bytes, { dice }) => {
    const tokens = [...bytes.toString('latin1').matchAll(/[A-Z]{4}[0-9a-f]{8}/g)];
    const token = tokens[dice.below(tokens.length)];
    if (token === undefined) return bytes;
    const number = dice.oneIn(2) ? dice.below(bytes.length + 2) : dice.pick(numbers);
    return replaced(bytes, token.index + 4, token.index + 12, Buffer.from(number.toString(16).padStart(8, '0')));
  },
];

/** Another input, made from one of the pool by a few changes. */
export function mutate(material: Material): Buffer {
  const { dice, pool } = material;
  let bytes: Buffer = dice.pick(pool);
  for (let changes = dice.oneIn(2) ? 1 : 1 + dice.below(5); changes > 0; changes -= 1)
    bytes = dice.pick(mutations)(bytes, material).subarray(0, longest);
  return bytes;
}
