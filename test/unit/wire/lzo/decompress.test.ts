import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { compressLzo } from '../../../../src/wire/lzo/compress.ts';
import { decompressLzo } from '../../../../src/wire/lzo/decompress.ts';
import { ProtocolError } from '../../../../src/wire/reading/protocol-error.ts';
import { holds } from '../checked.ts';
import { plainBytes, wildStreams } from './arbitrary.ts';
import { buildLibLzo } from './liblzo.ts';
import { everyKind, unpackPlainly } from './model.ts';
import { samples, text } from './samples.ts';
import { libraryStreams, serverStreams } from './streams.ts';

const library = buildLibLzo();
afterAll(() => library?.close());
afterEach(() => vi.restoreAllMocks());

const ceiling = 1 << 24;
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** What a stream unpacks to, or its refusal; any other exception is thrown on. */
function attempt(packed: Buffer, most = ceiling): Buffer | ProtocolError {
  try {
    return decompressLzo(packed, most);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

/** Whether the model and the decoder agree about a stream: the same bytes, or a fault for both. */
function agrees(packed: Buffer): boolean {
  const ours = attempt(packed);
  let expected: Buffer | undefined;
  try {
    expected = unpackPlainly(packed).plain;
  } catch {
    return ours instanceof ProtocolError && ours.kind === 'compression';
  }
  return Buffer.isBuffer(ours) && ours.equals(expected);
}

describe('decompressLzo()', () => {
  it.each(serverStreams)('unpacks what a real server sent: %s', (_, plain, packed) => {
    expect(decompressLzo(hex(packed), ceiling).equals(plain)).toBe(true);
  });

  it.each(libraryStreams)('unpacks what $by of the real library made: $sample', ({ sample, packed }) => {
    expect(decompressLzo(Buffer.from(packed, 'base64'), ceiling).equals(samples[sample])).toBe(true);
  });

  it('is tested with every kind of instruction', () => {
    const streams = libraryStreams.map(({ packed }) => unpackPlainly(Buffer.from(packed, 'base64')));
    const kinds = new Set(streams.flatMap((stream) => [...stream.kinds]));
    expect(everyKind.filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  it('unpacks the empty stream', () => {
    expect(decompressLzo(hex('11 00 00'), 0).length).toBe(0);
  });

  it('knows the end marker by its distance, whatever its length', () => {
    for (const marker of ['11 00 00', '12 00 00', '17 00 00', '10 01 00 00', '10 00 00 07 00 00']) {
      expect(decompressLzo(hex(`12 61 ${marker}`), ceiling).toString()).toBe('a');
    }
  });

  it('accepts the end marker with literals before it of every length', () => {
    for (let length = 1; length < 600; length += 1) {
      const plain = text(length, length);
      expect(decompressLzo(compressLzo(plain), length).equals(plain), `length ${length}`).toBe(true);
    }
  });

  it('unpacks streams of any valid instructions as the model does', () => {
    holds(
      'decompressLzo() and wild streams',
      fc.property(wildStreams, (packed) => {
        unpackPlainly(packed);
        return agrees(packed);
      }),
      300,
    );
  });

  it('gives back what compressLzo() packed', () => {
    holds(
      'compressLzo() and decompressLzo()',
      fc.property(plainBytes, (plain) => decompressLzo(compressLzo(plain), plain.length).equals(plain)),
      300,
    );
  });

  it('reads a stream that lies inside another buffer', () => {
    const packed = compressLzo(samples.text);
    const around = Buffer.concat([Buffer.alloc(5, 0xff), packed, Buffer.alloc(5, 0xff)]);
    expect(decompressLzo(around.subarray(5, 5 + packed.length), ceiling).equals(samples.text)).toBe(true);
  });

  it.each([
    ['no byte at all', '', 'the LZO stream ends before its end marker'],
    ['no end marker', '12 61', 'the LZO stream ends before its end marker'],
    ['half an end marker', '12 61 11 00', 'the LZO stream ends before its end marker'],
    ['literals that are not there', 'ff 61 62 63 64', 'the LZO stream ends before its end marker'],
    ['a length without end', '00 00 00 00 00 00', 'the LZO stream ends before its end marker'],
    ['a match without distance', '12 61 20 01', 'the LZO stream ends before its end marker'],
    ['a match without literals', '12 61 43 00 61 11 00', 'the LZO stream ends before its end marker'],
    ['a match before the first byte', '12 61 44 00 11 00 00', 'the LZO stream refers to 2 bytes back after only 1'],
    ['a first match', '11 04 00 11 00 00', 'the LZO stream refers to 16385 bytes back after only 0'],
    ['a far match too early', '12 61 11 04 00 11 00 00', 'the LZO stream refers to 16385 bytes back after only 1'],
    ['bytes after the end', '12 61 11 00 00 00', '1 bytes follow the end of the LZO stream'],
    ['another stream after the end', '12 61 11 00 00 12 61 11 00 00', '5 bytes follow the end of the LZO stream'],
  ])('refuses %s', (_, packed, sentence) => {
    const refusal = attempt(hex(packed));
    expect(refusal).toMatchObject({ kind: 'compression', message: sentence });
  });

  it('unpacks up to the ceiling and refuses one byte more', () => {
    for (const { sample, packed } of libraryStreams) {
      const plain = samples[sample];
      const stream = Buffer.from(packed, 'base64');
      expect(decompressLzo(stream, plain.length).equals(plain)).toBe(true);
      expect(attempt(stream, plain.length - 1)).toMatchObject({
        kind: 'too large',
        message: `the LZO stream holds more than ${plain.length - 1} bytes`,
      });
    }
  });

  it.each([
    ['literals', Buffer.concat([Buffer.alloc(3_000_000), hex('01')])],
    ['a match', Buffer.concat([hex('12 61 20'), Buffer.alloc(3_000_000), hex('01')])],
  ])('refuses a length of %s beyond the ceiling without taking memory for it', (_, packed) => {
    const take = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const refusal = attempt(Buffer.concat([packed, hex('00 00 11 00 00')]), 100_000_000);
    expect(refusal).toMatchObject({ kind: 'too large', message: 'the LZO stream holds more than 100000000 bytes' });
    expect(take).toHaveBeenCalledTimes(1);
  });

  it('takes memory by doubling as the bytes come, and never more than the ceiling', () => {
    // 15 MB of one letter: matches whose length is 31 + 15 * 255 + 1 + 2.
    const match = hex(`20 ${'00'.repeat(15)} 01 00 00`);
    const packed = Buffer.concat([hex('12 61'), ...Array.from({ length: 4000 }, () => match), hex('11 00 00')]);
    const whole = Buffer.alloc(1 + 4000 * 3859, 'a');
    const take = vi.spyOn(Buffer, 'allocUnsafeSlow');
    expect(decompressLzo(packed, whole.length).equals(whole)).toBe(true);
    const sizes = take.mock.calls.map(([size]) => size);
    expect(sizes.length).toBeGreaterThan(3);
    for (const [index, size] of sizes.entries()) {
      expect(size).toBeLessThanOrEqual(whole.length + 4);
      if (index > 0 && index < sizes.length - 1) expect(size).toBeGreaterThanOrEqual(2 * (sizes[index - 1] ?? 0));
    }
  });

  it('survives any byte of a real stream being changed, as the model does', () => {
    const streams = libraryStreams.map(({ packed }) => Buffer.from(packed, 'base64'));
    const change = fc
      .constantFrom(...streams)
      .chain((stream) => fc.tuple(fc.constant(stream), fc.nat(stream.length - 1), fc.integer({ min: 1, max: 255 })));
    holds(
      'decompressLzo() and a changed byte',
      fc.property(change, ([stream, place, flip]) => {
        const changed = Buffer.from(stream);
        changed[place] = (changed[place] ?? 0) ^ flip;
        return agrees(changed);
      }),
      2000,
    );
  });

  it('survives real streams cut at every byte', () => {
    for (const { packed } of libraryStreams) {
      const stream = Buffer.from(packed, 'base64');
      for (let length = 0; length < stream.length; length += 1) {
        expect(attempt(stream.subarray(0, length))).toMatchObject({ kind: 'compression' });
      }
    }
  });

  it('survives any bytes, as the model does', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(wildStreams, fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 }))
        .map(([stream, changes]) => {
          for (const [place, byte] of changes) if (place < stream.length) stream[place] = byte;
          return stream;
        }),
    );
    holds(
      'decompressLzo() and any bytes',
      fc.property(bytes, (packed) => agrees(Buffer.from(packed))),
      1000,
    );
  });

  it.skipIf(library === undefined)('unpacks what the real library makes of any bytes', () => {
    const property = fc.property(plainBytes, fc.boolean(), (plain, well) => {
      const packed = well ? library?.pack999(plain) : library?.pack1(plain);
      return packed !== undefined && decompressLzo(packed, plain.length).equals(plain);
    });
    holds('decompressLzo() and liblzo2', property, 60);
  });

  it.skipIf(library === undefined)('reads any valid instructions as the real library does', () => {
    const property = fc.property(wildStreams, (packed) =>
      library?.unpack(packed).equals(decompressLzo(packed, ceiling)),
    );
    holds('wild streams and liblzo2', property, 60);
  });
});
