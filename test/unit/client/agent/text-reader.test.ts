import { describe, expect, it } from 'vitest';
import { encodeEnded } from '../../../../src/client/agent/messages.ts';
import { TextReader } from '../../../../src/client/agent/text-reader.ts';

const number = 0xdead_beef;

describe('TextReader', () => {
  it('reads a text however it was cut', () => {
    const text = Buffer.from('int x;\nint y;\n');
    const bytes = Buffer.concat([text, encodeEnded(256, number)]);
    for (let one = 0; one <= bytes.length; one += 1) {
      for (let two = one; two <= bytes.length; two += 1) {
        const reader = new TextReader(number);
        const pieces = [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)];
        const found = pieces.filter(({ length }) => length > 0).map((piece) => reader.feed(piece));
        expect(found.pop()).toEqual({ text, status: 256 });
        expect(found.every((ended) => ended === undefined)).toBe(true);
      }
    }
  });

  it('reads a text of nothing', () => {
    expect(new TextReader(1).feed(encodeEnded(0, 1))).toEqual({ text: Buffer.alloc(0), status: 0 });
  });

  it('goes on behind an end that is for another number', () => {
    const reader = new TextReader(number);
    expect(reader.feed(encodeEnded(0, number + 1))).toBeUndefined();
    expect(reader.feed(encodeEnded(0, number))).toEqual({ text: encodeEnded(0, number + 1), status: 0 });
  });
});
