/** Numbers that look random and are the same everywhere. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

function pick(from: Generator<number, never>, below: number): number {
  return from.next().value % below;
}

/** Bytes that do not compress. */
export function noise(seed: number, length: number): Buffer {
  const from = numbers(seed);
  return Buffer.from(Array.from({ length }, () => pick(from, 256)));
}

const words =
  'static inline const unsigned int return struct template typename namespace std size_t void if else for'.split(' ');

/** Text that compresses as sources do. */
export function text(seed: number, length: number): Buffer {
  const from = numbers(seed);
  let written = '';
  while (written.length < length) {
    const word = words[pick(from, words.length)] ?? '';
    written += pick(from, 5) === 0 ? `${word}_${pick(from, 1000)};\n` : `${word} `;
  }
  return Buffer.from(written.slice(0, length));
}

/** Bytes that look like an object file: zeros, small numbers, names, a little noise. */
export function objectLike(seed: number, length: number): Buffer {
  const from = numbers(seed);
  const parts: Buffer[] = [];
  for (let written = 0; written < length; written = parts.reduce((sum, part) => sum + part.length, 0)) {
    const kind = pick(from, 4);
    if (kind === 0) parts.push(Buffer.alloc(pick(from, 400)));
    else if (kind === 1) parts.push(text(seed + written, 1 + pick(from, 60)));
    else if (kind === 2) parts.push(noise(seed + written, 1 + pick(from, 30)));
    else parts.push(Buffer.from([pick(from, 8), 0, 0, 0, pick(from, 4), 0, 0, 0]));
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** The same noise twice, with zeros between: the second finds the first `gap` bytes further back. */
export function echo(seed: number, length: number, gap: number): Buffer {
  const sound = noise(seed, length);
  return Buffer.concat([sound, Buffer.alloc(gap), sound, Buffer.from('tail of the sample, long enough')]);
}

/** Three bytes of the beginning again, between bytes that are new: a match too short for most kinds of instruction. */
function smallEcho(seed: number, gap: number): Buffer {
  const sound = noise(seed, 16);
  return Buffer.concat([sound, Buffer.alloc(gap), noise(seed + 1, 9), sound.subarray(5, 8), noise(seed + 2, 30)]);
}

/** Plain bytes of many kinds, which the real library packed for `streams.ts`. */
export const samples = {
  'one byte': Buffer.from('a'),
  'two bytes': Buffer.from('ab'),
  'short text': Buffer.from('hello hello hello hello hello world\n'),
  'two letters': Buffer.from(Array.from({ length: 400 }, (_, index) => ((index * index * 7) % 11 < 5 ? 97 : 98))),
  text: text(1, 3000),
  'object file': objectLike(2, 3000),
  noise: noise(3, 700),
  'far echo': echo(4, 40, 20_000),
  'farthest echo': echo(5, 60, 40_000),
  'far echo, long': echo(7, 300, 30_000),
  'small echo': smallEcho(8, 2300),
  'far echo, short': echo(6, 9, 17_000),
} as const;
