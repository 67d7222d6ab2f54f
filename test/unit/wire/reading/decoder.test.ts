import { afterEach, describe, expect, it, vi } from 'vitest';
import { Decoder } from '../../../../src/wire/reading/decoder.ts';
import type { Grammar } from '../../../../src/wire/reading/decoder.ts';
import { ProtocolError } from '../../../../src/wire/reading/protocol-error.ts';
import { faultOf, readPieces, singly } from '../reading.ts';

/** A byte that says how many bytes follow. */
function* counted(): Grammar<string> {
  const [length] = yield { exactly: 1, of: 'the length' };
  const text = yield { exactly: length ?? 0 };
  if (text.includes('!')) throw new ProtocolError('malformed', 'it shouts');
  return text.toString();
}

/** Two letters, and two more unless the message ends. */
function* openEnded(): Grammar<string[]> {
  const first = yield { exactly: 2 };
  const second = yield { exactly: 2, of: 'the rest', orEnd: true };
  return [first.toString(), second.toString()];
}

afterEach(() => vi.restoreAllMocks());

describe('Decoder', () => {
  it('gives the value as soon as its last byte came', () => {
    const decoder = new Decoder(counted());
    decoder.feed(Buffer.from('\x03ab'));
    expect(decoder.result).toBeUndefined();
    decoder.feed(Buffer.from('c'));
    expect(decoder.result?.value).toBe('abc');
    decoder.end();
  });

  it('reads a message that came byte by byte, with empty pieces between', () => {
    const pieces = singly(Buffer.from('\x05hello')).flatMap((piece) => [piece, Buffer.alloc(0)]);
    expect(readPieces(counted(), pieces)).toBe('hello');
  });

  it('is complete at once when the reader asks for no bytes', () => {
    // oxlint-disable-next-line require-yield -- a message of no bytes
    function* empty(): Grammar<number> {
      return 7;
    }
    const decoder = new Decoder(empty());
    expect(decoder.result?.value).toBe(7);
    expect(readPieces(counted(), [Buffer.from('\x00')])).toBe('');
  });

  it('tells a complete value of undefined from an incomplete message', () => {
    function* nothing(): Grammar<undefined> {
      yield { exactly: 1 };
    }
    const decoder = new Decoder(nothing());
    expect(decoder.result).toBeUndefined();
    decoder.feed(Buffer.from('x'));
    expect(decoder.result).toMatchObject({ value: undefined });
  });

  it('tells how many bytes the reader wants', () => {
    const decoder = new Decoder(counted());
    expect(decoder.wanted).toBe(1);
    decoder.feed(Buffer.from('\x09abc'));
    expect(decoder.wanted).toBe(6);
    decoder.feed(Buffer.from('defghi'));
    expect(decoder.wanted).toBe(0);
  });

  it('counts the bytes after the message and leaves the value as it is', () => {
    const decoder = new Decoder(counted());
    decoder.feed(Buffer.from('\x02abcd'));
    expect(decoder.surplus).toBe(2);
    decoder.feed(Buffer.from('\x01x'));
    expect(decoder.surplus).toBe(4);
    expect(decoder.result?.value).toBe('ab');
    decoder.end();
  });

  it('throws what the reader throws, with the byte that was wrong, and from then on', () => {
    const decoder = new Decoder(counted());
    decoder.feed(Buffer.from('\x02a'));
    const fault = faultOf(() => decoder.feed(Buffer.from('!')));
    expect(fault).toMatchObject({ kind: 'malformed', message: 'it shouts' });
    expect(faultOf(() => decoder.feed(Buffer.from('more')))).toBe(fault);
    expect(faultOf(() => decoder.end())).toBe(fault);
    expect(decoder.result).toBeUndefined();
  });

  it('refuses the end of a message that is cut short, and says where', () => {
    const decoder = new Decoder(counted());
    const fault = faultOf(() => decoder.end());
    expect(fault).toBeInstanceOf(ProtocolError);
    expect(fault).toMatchObject({
      kind: 'truncated',
      message: 'the connection ended after 0 of the 1 bytes of the length',
    });
    expect(faultOf(() => decoder.feed(Buffer.from('\x00')))).toBe(fault);
    const later = new Decoder(counted());
    later.feed(Buffer.from('\x05abc'));
    expect(faultOf(() => later.end())).toMatchObject({ message: 'the connection ended after 3 of the 5 bytes' });
  });

  it('lets a message end where it may, and only there', () => {
    const decoder = new Decoder(openEnded());
    decoder.feed(Buffer.from('ab'));
    expect(decoder.result).toBeUndefined();
    decoder.end();
    expect(decoder.result?.value).toEqual(['ab', '']);
    expect(readPieces(openEnded(), [Buffer.from('abcd')])).toEqual(['ab', 'cd']);
    const cut = new Decoder(openEnded());
    cut.feed(Buffer.from('abc'));
    expect(faultOf(() => cut.end())).toMatchObject({
      kind: 'truncated',
      message: 'the connection ended after 1 of the 2 bytes of the rest',
    });
  });

  it('takes no memory for bytes that have not come, and gathers those that have once', () => {
    function* large(): Grammar<Buffer> {
      return yield { exactly: 500_000_000 };
    }
    const taken = [vi.spyOn(Buffer, 'alloc'), vi.spyOn(Buffer, 'allocUnsafe'), vi.spyOn(Buffer, 'allocUnsafeSlow')];
    new Decoder(large()).feed(Buffer.from('a'));
    expect(Math.max(0, ...taken.flatMap((spy) => spy.mock.calls.map(([size]) => size)))).toBeLessThan(100_000);

    function* million(): Grammar<Buffer> {
      return yield { exactly: 1_000_000 };
    }
    const pieces = Array.from({ length: 20 }, (_, index) => Buffer.alloc(50_000, index));
    for (const spy of taken) spy.mockClear();
    expect(readPieces(million(), pieces).equals(Buffer.concat(pieces))).toBe(true);
    // One for the whole; Buffer.concat() in this test is the other.
    expect(taken.flatMap((spy) => spy.mock.calls.filter(([size]) => size > 10_000)).length).toBeLessThanOrEqual(2);
  });

  it('hands what may be long on as it comes, in pieces that are worth it', () => {
    const all: number[] = [];
    function* pieces(): Grammar<number> {
      let had = 0;
      while (had < 1_000_000) {
        const piece = yield { exactly: 1_000_000, had, of: 'the text' };
        had += piece.length;
        all.push(piece.length);
      }
      return had;
    }
    const decoder = new Decoder(pieces());
    // Whoever sends single bytes does not have us keep as many objects.
    for (let sent = 0; sent < 200_000; sent += 1) decoder.feed(Buffer.from('x'));
    expect(all.length).toBeLessThan(10);
    expect(decoder.wanted).toBe(800_000);
    const large = Buffer.alloc(500_000);
    decoder.feed(large);
    expect(all.at(-1)).toBe(large.length);
    expect(() => decoder.end()).toThrow('the connection ended after 700000 of the 1000000 bytes of the text');
    const whole = new Decoder(pieces());
    whole.feed(Buffer.alloc(1_000_003));
    expect([whole.result?.value, whole.surplus, whole.wanted]).toEqual([1_000_000, 3, 0]);
  });

  it('knows where the peer may take its time: before the first byte of what it waits for', () => {
    function* calm(): Grammar<string> {
      const bytes = yield { exactly: 2, unhurried: true };
      return bytes.toString() + (yield { exactly: 1 }).toString();
    }
    const decoder = new Decoder(calm());
    expect(decoder.unhurried).toBe(true);
    decoder.feed(Buffer.from('a'));
    expect(decoder.unhurried).toBe(false);
    decoder.feed(Buffer.from('b'));
    expect(decoder.unhurried).toBe(false);
    decoder.feed(Buffer.from('c'));
    expect([decoder.unhurried, decoder.result?.value]).toEqual([false, 'abc']);
  });
});
