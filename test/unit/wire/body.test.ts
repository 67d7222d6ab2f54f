import { describe, expect, it } from 'vitest';
import { encodeBody, readBody, unpackInPieces } from '../../../src/wire/body.ts';
import { packingOf } from '../../../src/wire/packing.ts';
import { limits } from '../../../src/wire/limits.ts';
import { compressLzo } from '../../../src/wire/lzo/compress.ts';
import { unpackPlainly } from './lzo/model.ts';
import { noise, text } from './lzo/samples.ts';
import { faultOf, read } from './reading.ts';

const versions = [1, 2, 3] as const;

describe('encodeBody()', () => {
  it.each(versions)('writes an empty body of version %d as its token alone', (version) => {
    expect(Buffer.concat(encodeBody('SERR', packingOf(version), Buffer.alloc(0))).toString()).toBe('SERR00000000');
  });

  it('does not copy what version 1 sends', () => {
    const plain = text(1, 500);
    const [token, body] = encodeBody('DOTI', packingOf(1), plain);
    expect(token?.toString()).toBe('DOTI000001f4');
    expect(body).toBe(plain);
  });

  it.each([2, 3] as const)('packs what version %d sends', (version) => {
    const plain = text(1, 500);
    const [token, body] = encodeBody('DOTO', packingOf(version), plain);
    expect(body?.length).toBeLessThan(400);
    expect(token?.toString()).toBe(`DOTO${body?.length.toString(16).padStart(8, '0')}`);
    expect(unpackPlainly(body ?? Buffer.alloc(0)).plain.equals(plain)).toBe(true);
  });
});

describe('readBody()', () => {
  it.each(versions)('reads what encodeBody() writes in version %d', (version) => {
    for (const plain of [Buffer.alloc(0), Buffer.from('x'), text(2, 10_000), noise(3, 10_000)]) {
      const sent = Buffer.concat(encodeBody('DOTI', packingOf(version), plain));
      expect(read(readBody('DOTI', packingOf(version), { ceiling: plain.length }), sent).equals(plain)).toBe(true);
    }
  });

  it('reads a packed stream of nothing, which no distcc sends', () => {
    expect(read(readBody('SOUT', packingOf(2), { ceiling: 0 }), 'SOUT00000003\x11\0\0').length).toBe(0);
  });

  it('refuses a plain body above the ceiling before it comes', () => {
    expect(faultOf(() => read(readBody('DOTI', packingOf(1), { ceiling: 9 }), 'DOTI0000000a'))).toMatchObject({
      kind: 'too large',
      message: 'the length of token "DOTI" is 10, more than the limit of 9',
    });
  });

  it('refuses a packed body above what the ceiling can need before it comes', () => {
    expect(faultOf(() => read(readBody('DOTI', packingOf(2), { ceiling: 160 }), 'DOTI000000ee'))).toMatchObject({
      kind: 'too large',
      message: 'the length of token "DOTI" is 238, more than the limit of 237',
    });
  });

  it('refuses a packed body that unpacks above the ceiling', () => {
    const sent = Buffer.concat(encodeBody('DOTI', packingOf(2), Buffer.alloc(1000)));
    expect(faultOf(() => read(readBody('DOTI', packingOf(2), { ceiling: 999 }), sent))).toMatchObject({
      kind: 'too large',
      message: 'cannot unpack the body of token "DOTI": the LZO stream holds more than 999 bytes',
    });
  });

  it('refuses a packed body that is not an LZO stream', () => {
    expect(
      faultOf(() => read(readBody('SERR', packingOf(2), { ceiling: 99 }), 'SERR00000005\x12a\x11\x04\0')),
    ).toMatchObject({
      kind: 'compression',
      message: 'cannot unpack the body of token "SERR": the LZO stream refers to 16385 bytes back after only 1',
    });
    expect(
      faultOf(() => read(readBody('SERR', packingOf(2), { ceiling: 99 }), 'SERR00000004\x11\0\0\0')),
    ).toMatchObject({
      kind: 'compression',
      message: 'cannot unpack the body of token "SERR": 1 bytes follow the end of the LZO stream',
    });
  });

  it('names the body that was cut short', () => {
    expect(faultOf(() => read(readBody('DOTO', packingOf(1), { ceiling: 99 }), 'DOTO00000005abc'))).toMatchObject({
      kind: 'truncated',
      message: 'the connection ended after 3 of the 5 bytes of the body of token "DOTO"',
    });
  });
});

describe('a source that is unpacked piece by piece', () => {
  const unpacked = (plain: Buffer): number => {
    const packed = compressLzo(plain);
    const body = { name: 'DOTI', packing: packingOf(2), pieces: [packed], length: packed.length } as const;
    let length = 0;
    for (const piece of unpackInPieces(body, { ceiling: limits.bodyLength })) length += piece.length;
    return length;
  };

  it('may grow to 16 MiB however short it came, and beyond that no more than text does', () => {
    const most = 16 * 1024 * 1024;
    expect(unpacked(Buffer.alloc(most))).toBe(most);
    expect(() => unpacked(Buffer.alloc(most + 1))).toThrow(/too large|longer|more than/);
    const half = Buffer.concat([Buffer.alloc(most), noise(5, 512 * 1024)]);
    expect(unpacked(half)).toBe(half.length);
  });
});
