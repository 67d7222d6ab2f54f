import { describe, expect, it } from 'vitest';
import { unpackInPieces } from '../../../src/wire/body.ts';
import type { PackedBody } from '../../../src/wire/body.ts';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import { encodeRequest, readArrivingRequest } from '../../../src/wire/request.ts';
import type { CompileRequest } from '../../../src/wire/request.ts';

const argv = ['gcc', '-c', 'a.c'];
const source = Buffer.from('int x;\n'.repeat(100));

function arrive(bytes: Buffer) {
  const decoder = new Decoder(readArrivingRequest());
  for (const byte of bytes) decoder.feed(Buffer.of(byte));
  decoder.end();
  return decoder.result?.value;
}

const unpack = (body: PackedBody): Buffer =>
  Buffer.concat(Array.from(unpackInPieces(body, { ceiling: 1 << 29 }), (piece) => Buffer.from(piece)));

const bytesOf = (request: CompileRequest): Buffer => Buffer.concat(encodeRequest(request));

describe('readArrivingRequest()', () => {
  it.each([1, 2] as const)('leaves the source of version %i packed until it is asked for', (version) => {
    const request = arrive(bytesOf({ version, argv, source }));
    expect(request).toMatchObject({ version, argv });
    if (request?.version === 3 || request === undefined) throw new Error('another version');
    expect(unpack(request.source)).toEqual(source);
    expect(unpack(request.source)).toEqual(source);
  });

  it('reads a request with a body that cannot be unpacked, and says so when it is asked for', () => {
    const good = encodeRequest({ version: 2, argv, source: Buffer.alloc(0) });
    const head = Buffer.concat(good)
      .toString('latin1')
      .replace(/DOTI.*/, 'DOTI00000004\xff\xff\xff\xff');
    const request = arrive(Buffer.from(head, 'latin1'));
    if (request?.version !== 2) throw new Error('another version');
    expect(() => unpack(request.source)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', kind: 'compression' }),
    );
  });

  it('reads the files of version 3 to their end and keeps none', () => {
    const files = [
      { kind: 'file', name: '/src/a.c', content: source },
      { kind: 'link', name: '/src/b.c', target: 'a.c' },
      { kind: 'file', name: '/src/empty', content: Buffer.alloc(0) },
    ] as const;
    expect(arrive(bytesOf({ version: 3, directory: '/src', argv, files }))).toEqual({
      version: 3,
      directory: '/src',
      argv,
    });
  });
});
