import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { compressLzo, largestPacked } from '../../../../src/wire/lzo/compress.ts';
import { holds } from '../checked.ts';
import { plainBytes } from './arbitrary.ts';
import { buildLibLzo } from './liblzo.ts';
import { unpackPlainly } from './model.ts';
import { echo, noise, samples, text } from './samples.ts';

const library = buildLibLzo();
afterAll(() => library?.close());

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('compressLzo()', () => {
  it('packs nothing as the end marker alone', () => {
    expect(compressLzo(Buffer.alloc(0)).toString('hex')).toBe('110000');
  });

  it.each(Object.entries(samples))('packs %s to a stream that holds it', (_, plain) => {
    expect(unpackPlainly(compressLzo(plain)).plain.equals(plain)).toBe(true);
  });

  it('packs any bytes to a stream that holds them', () => {
    const property = fc.property(plainBytes, (plain) => unpackPlainly(compressLzo(plain)).plain.equals(plain));
    holds('compressLzo() and the model', property, 300);
  });

  it('packs texts of every length around its limits', () => {
    const whole = text(9, 400);
    for (let length = 0; length <= whole.length; length += 1) {
      const plain = whole.subarray(whole.length - length);
      expect(unpackPlainly(compressLzo(plain)).plain.equals(plain), `length ${length}`).toBe(true);
      const same = Buffer.alloc(length, 'ab');
      expect(unpackPlainly(compressLzo(same)).plain.equals(same), `length ${length}`).toBe(true);
    }
  });

  it('packs runs of every length that is written in another way', () => {
    for (const length of [...range(1, 25), ...range(230, 300), ...range(525, 535)]) {
      const sound = noise(length, length);
      for (const plain of [sound, Buffer.concat([sound, Buffer.alloc(100), sound, Buffer.alloc(100)])]) {
        expect(unpackPlainly(compressLzo(plain)).plain.equals(plain), `length ${length}`).toBe(true);
      }
    }
  });

  it('packs matches on both sides of every limit of distance and length', () => {
    for (const distance of [2047, 2048, 2049, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769, 49_150, 49_151, 49_152]) {
      for (const length of [4, 8, 9, 10, 33, 34, 264, 265]) {
        // No match can start at the very first byte: others come before it.
        const plain = Buffer.concat([noise(99, 3), echo(length, length, distance - length)]);
        const { plain: back, distances } = unpackPlainly(compressLzo(plain));
        expect(back.equals(plain), `${length} bytes at distance ${distance}`).toBe(true);
        expect(distances.has(distance), `${length} bytes at distance ${distance}`).toBe(distance <= 49_151);
      }
    }
  });

  it('uses every kind of match that it can tell apart by distance', () => {
    const kinds = new Set(Object.values(samples).flatMap((plain) => [...unpackPlainly(compressLzo(plain)).kinds]));
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'near match of 3 or 4',
        'near match of 5 to 8',
        'middle match',
        'very long middle match',
        'long far match',
        'farthest match',
        'literals after a match',
        'very long run',
      ]),
    );
  });

  it('packs text as well as the library does', () => {
    // What lzo1x_1 of liblzo2 2.10 makes of this text.
    expect(compressLzo(text(10, 100_000)).length).toBeLessThanOrEqual(38_595);
  });

  it('makes bytes that do not compress hardly longer, and never longer than largestPacked()', () => {
    expect(compressLzo(noise(11, 50_000)).length).toBeLessThan(50_000 + 50_000 / 250 + 10);
    holds(
      'largestPacked()',
      fc.property(plainBytes, (plain) => compressLzo(plain).length <= largestPacked(plain.length)),
    );
  });

  it('stays below largestPacked() where every match costs more than it holds', () => {
    // 19 new bytes, then four that were seen far away: two bytes for the run, three for the match.
    const dictionary = noise(12, 40_000);
    const parts = Array.from({ length: 800 }, (_, index) => [
      noise(1000 + index, 19),
      dictionary.subarray(index * 40, index * 40 + 4),
    ]);
    const plain = Buffer.concat([dictionary, ...parts.flat()]);
    const packed = compressLzo(plain);
    expect(packed.length).toBeLessThanOrEqual(largestPacked(plain.length));
    expect(unpackPlainly(packed).plain.equals(plain)).toBe(true);
  });

  it('remembers nothing from one call to the next', () => {
    const first = compressLzo(samples.text);
    compressLzo(Buffer.concat([Buffer.alloc(777), samples.text, samples['object file']]));
    expect(compressLzo(samples.text).equals(first)).toBe(true);
  });

  it('reads a buffer that lies inside another one, and leaves it as it was', () => {
    const around = Buffer.concat([noise(13, 33), samples.text, noise(14, 33)]);
    const before = Buffer.from(around);
    const packed = compressLzo(around.subarray(33, 33 + samples.text.length));
    expect(unpackPlainly(packed).plain.equals(samples.text)).toBe(true);
    expect(around.equals(before)).toBe(true);
  });

  it.skipIf(library === undefined)('packs any bytes so that the real library unpacks them', () => {
    const property = fc.property(plainBytes, (plain) => library?.unpack(compressLzo(plain)).equals(plain));
    holds('compressLzo() and liblzo2', property, 60);
  });
});
