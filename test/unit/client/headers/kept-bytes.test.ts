import { describe, expect, it } from 'vitest';
import { keepBytes } from '../../../../src/client/headers/kept-bytes.ts';

describe('keepBytes()', () => {
  it('gives copies that stay what they were', () => {
    const given = Array.from({ length: 3000 }, (_, number) => Buffer.alloc(48, number));
    const kept = given.map(keepBytes);
    for (const bytes of given) bytes.fill(255);
    for (const [number, bytes] of kept.entries()) expect(bytes.equals(Buffer.alloc(48, number))).toBe(true);
  });

  it('shares memory only with what is kept too', () => {
    const [one, other] = [keepBytes(Buffer.from('one')), keepBytes(Buffer.from('other'))];
    expect(one.buffer).toBe(other.buffer);
    expect(one.buffer).not.toBe(Buffer.from('passing').buffer);
  });

  it('takes what is long, and what is empty', () => {
    for (const length of [0, 8192, 8193, 200_000])
      expect(keepBytes(Buffer.alloc(length, 'x')).equals(Buffer.alloc(length, 'x'))).toBe(true);
  });
});
