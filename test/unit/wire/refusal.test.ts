import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import { encodeRefusal } from '../../../src/wire/refusal.ts';
import { readResponse } from '../../../src/wire/response.ts';

function read(bytes: Buffer, version: 1 | 2) {
  const decoder = new Decoder(readResponse(version));
  for (const byte of bytes) decoder.feed(Buffer.of(byte));
  decoder.end();
}

describe('encodeRefusal()', () => {
  it.each([1, 2] as const)(
    'is read as a refusal with the whole sentence in version %i, however it was cut',
    (version) => {
      const sentence = `${'because of many reasons, '.repeat(20)}sorry`;
      const bytes = Buffer.concat(encodeRefusal(version, sentence));
      expect(() => read(bytes, version)).toThrow(
        expect.objectContaining({ kind: 'refused', message: `distccd: ${sentence}` }),
      );
    },
  );

  it('has the sentence in plain text where a stock client expects SOUT, as much as it would show', () => {
    const text = Buffer.concat(encodeRefusal(2, 'x'.repeat(300))).toString('latin1');
    expect(text.endsWith(`distccd: ${'x'.repeat(190)}`)).toBe(true);
  });
});
