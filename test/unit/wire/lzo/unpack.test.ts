import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressLzo, compressLzoInTurns, storeLzo } from '../../../../src/wire/lzo/compress.ts';
import { decompressLzo } from '../../../../src/wire/lzo/decompress.ts';
import { unpackLzo } from '../../../../src/wire/lzo/unpack.ts';
import { ProtocolError } from '../../../../src/wire/reading/protocol-error.ts';
import { holds } from '../checked.ts';
import { plainBytes, wildStreams } from './arbitrary.ts';
import { unpackPlainly } from './model.ts';
import { noise, objectLike, samples, text } from './samples.ts';
import { libraryStreams, serverStreams } from './streams.ts';

const ceiling = 1 << 24;

/** The same bytes in pieces of this length. */
function cut(bytes: Buffer, length: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
}

/** What comes out, its pieces copied since each is good for a moment only. */
function unpack(pieces: readonly Buffer[], most = ceiling): Buffer {
  return Buffer.concat(Array.from(unpackLzo(pieces, most), (piece) => Buffer.from(piece)));
}

function attempt(unpackOne: () => Buffer): Buffer | string {
  try {
    return unpackOne();
  } catch (error) {
    if (error instanceof ProtocolError) return error.kind;
    throw error;
  }
}

/** A match of this many plain bytes, which takes the 255th part of them. */
function bomb(total: number): Buffer {
  const [zeros, rest] = [Math.floor((total - 38) / 255), (total - 38) % 255];
  return Buffer.from([21, 10, 10, 10, 10, 32, ...Buffer.alloc(zeros), rest + 1, 0, 0, 0x11, 0, 0]);
}

describe('unpackLzo()', () => {
  it.each(serverStreams)('unpacks what a real server sent: %s', (_, plain, packed) => {
    expect(unpack([Buffer.from(packed, 'hex')]).equals(plain)).toBe(true);
  });

  it.each(libraryStreams)('unpacks what $by of the real library made: $sample', ({ sample, packed }) => {
    for (const length of [1, 7, 100_000]) {
      expect(unpack(cut(Buffer.from(packed, 'base64'), length)).equals(samples[sample])).toBe(true);
    }
  });

  it('unpacks streams of any valid instructions as the model does, however they are cut', () => {
    holds(
      'unpackLzo() and wild streams',
      fc.property(wildStreams, fc.integer({ min: 1, max: 300 }), (packed, length) =>
        unpack(cut(packed, length)).equals(unpackPlainly(packed).plain),
      ),
      300,
    );
  });

  it('agrees with decompressLzo() about streams that were damaged, except in its words', () => {
    holds(
      'unpackLzo(), decompressLzo() and damaged streams',
      fc.property(plainBytes, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (plain, at, byte, end) => {
        const packed = Buffer.from(compressLzo(plain));
        packed[at % packed.length] = byte;
        const sent = packed.subarray(0, packed.length - (end % 4));
        const [whole, pieces] = [attempt(() => decompressLzo(sent, ceiling)), attempt(() => unpack(cut(sent, 9)))];
        return Buffer.isBuffer(whole) && Buffer.isBuffer(pieces) ? whole.equals(pieces) : whole === pieces;
      }),
      500,
    );
  });

  it.each([
    ['text', text(1, 3_000_000)],
    ['an object file', objectLike(2, 3_000_000)],
    ['noise', noise(3, 3_000_000)],
    ['zeros', Buffer.alloc(3_000_000)],
    ['noise among zeros', Buffer.concat([Buffer.alloc(1_500_000), noise(4, 1_500_000)])],
  ])('goes through more than a piece of %s, in pieces of which none is long', (_, plain) => {
    const packed = compressLzo(plain);
    for (const length of [1000, 65_536, 10_000_000]) {
      const lengths = Array.from(unpackLzo(cut(packed, length), ceiling), (piece) => piece.length);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(1 << 20);
      expect(unpack(cut(packed, length)).equals(plain)).toBe(true);
    }
  });

  it('counts the literals that the first byte tells', () => {
    const packed = Buffer.concat([Buffer.from([17 + 48]), Buffer.alloc(48, 'x'), Buffer.from([17, 0, 0])]);
    expect([...unpackLzo([packed], 48)][0]).toHaveLength(48);
    expect(() => [...unpackLzo([packed], 47)]).toThrow('the LZO stream holds more than 47 bytes');
  });

  it('refuses what is larger than it may be before it makes more of it', () => {
    const pieces = cut(bomb(400_000_000), 65_536);
    let made = 0;
    const goThrough = (): void => {
      for (const piece of unpackLzo(pieces, 16 << 20)) made += piece.length;
    };
    expect(goThrough).toThrow('the LZO stream holds more than 16777216 bytes');
    expect(made).toBe(0);
    expect(unpack([bomb(1_000_000)], 1_000_000).length).toBe(1_000_000);
    expect(() => unpack([bomb(1_000_001)], 1_000_000)).toThrow('more than 1000000 bytes');
  });

  it.each([
    ['nothing', [], 'the LZO stream ends before its end marker'],
    ['a cut in a length', [Buffer.from([0, 0, 0]), Buffer.from([0, 0])], 'the LZO stream ends before its end marker'],
    ['bytes after the end', [Buffer.from([17, 0, 0, 1]), Buffer.from([1])], '2 bytes follow the end of the LZO stream'],
  ])('refuses %s', (_, pieces, sentence) => {
    expect(() => unpack(pieces)).toThrow(sentence);
  });
});

describe('compressLzoInTurns()', () => {
  it('packs what any decoder unpacks, in several turns', () => {
    const mixed = Buffer.concat([7, 8, 9].flatMap((seed) => [noise(seed, 300_000), text(seed, 300_001)]));
    for (const plain of [Buffer.alloc(0), text(5, 3_500_000), noise(6, 3_500_000), Buffer.alloc(3_500_000), mixed]) {
      const turns = compressLzoInTurns(plain);
      let count = 0;
      let turn = turns.next();
      for (; turn.done !== true; turn = turns.next()) count += 1;
      expect(decompressLzo(Buffer.concat(turn.value), ceiling).equals(plain)).toBe(true);
      if (plain.length > 0) expect(count).toBeGreaterThan(2);
    }
  });
});

describe('storeLzo()', () => {
  it.each([1, 3, 4, 18, 19, 238, 239, 273, 274, 528, 529, 100_000, 5_000_000])(
    'makes a stream of %d bytes',
    (length) => {
      const plain = noise(length, Math.min(length, 1000));
      const whole = Buffer.alloc(length, plain);
      const { before, after } = storeLzo(length);
      expect(decompressLzo(Buffer.concat([before, whole, after]), ceiling).equals(whole)).toBe(true);
    },
  );
});
