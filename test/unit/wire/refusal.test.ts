import { describe, expect, it } from 'vitest';
import { encodeBody } from '../../../src/wire/body.ts';
import { packingOf } from '../../../src/wire/packing.ts';
import { encodeToken } from '../../../src/wire/token.ts';
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

  it('is one line of text, whatever a server writes', () => {
    for (const [said, message] of [
      ['a\0b\n\u001bc\u0085d\n', 'a b  c d'],
      ['', 'the server gives no reason'],
    ] as const) {
      const head = [
        encodeToken('DONE', 1),
        encodeToken('STAT', 0),
        ...encodeBody('SERR', packingOf(1), Buffer.from(said)),
      ];
      const bytes = Buffer.concat([...head, Buffer.from('distccd: x\ny')]);
      expect(() => read(bytes, 1)).toThrow(expect.objectContaining({ kind: 'refused', message }));
    }
  });

  it('has the sentence in plain text where a stock client expects SOUT, as much as it would show', () => {
    const text = Buffer.concat(encodeRefusal(2, 'x'.repeat(300))).toString('latin1');
    expect(text.endsWith(`distccd: ${'x'.repeat(190)}`)).toBe(true);
  });
});
