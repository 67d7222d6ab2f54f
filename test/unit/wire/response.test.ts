import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import { encodeResponse, readResponse } from '../../../src/wire/response.ts';
import type { CompileResponse } from '../../../src/wire/response.ts';
import { holds } from './checked.ts';
import { anyResponse, responses } from './messages.ts';
import { everyCut, faultOf, read, readPieces, singly } from './reading.ts';

const sent = (response: CompileResponse): Buffer => Buffer.concat(encodeResponse(response));
const nothing = Buffer.alloc(0);

describe('encodeResponse()', () => {
  it('writes a version 1 response as distccd does', () => {
    const response = {
      version: 1,
      status: 0,
      stderr: Buffer.from('hm\n'),
      stdout: nothing,
      object: Buffer.from('ELF'),
    } as const;
    expect(sent(response).toString()).toBe('DONE00000001STAT00000000SERR00000003hm\nSOUT00000000DOTO00000003ELF');
  });

  it('writes a version 2 response with packed bodies, and empty ones as their token alone', () => {
    const response = { version: 2, status: 0x100, stderr: Buffer.from('a'), stdout: nothing, object: nothing } as const;
    expect(sent(response).toString('latin1')).toBe(
      'DONE00000002STAT00000100SERR00000005\x12a\x11\0\0SOUT00000000DOTO00000000',
    );
  });

  it('writes a dependency file in version 3 after success only', () => {
    const rest = { stderr: nothing, stdout: nothing, object: nothing, dependencies: Buffer.from('a') };
    expect(sent({ version: 3, status: 0, ...rest }).toString('latin1')).toBe(
      'DONE00000003STAT00000000SERR00000000SOUT00000000DOTO00000000DOTD00000005\x12a\x11\0\0',
    );
    expect(sent({ version: 3, status: 0x100, ...rest }).includes('DOTD')).toBe(false);
    expect(sent({ version: 2, status: 0, ...rest }).includes('DOTD')).toBe(false);
  });

  it('does not copy a plain object', () => {
    const object = Buffer.alloc(100_000);
    expect(encodeResponse({ version: 1, status: 0, stderr: nothing, stdout: nothing, object })).toContain(object);
  });
});

describe('readResponse()', () => {
  it.each(Object.entries(responses))('reads a response however the network cut it: %s', (_, response) => {
    const bytes = sent(response);
    expect(read(readResponse(response.version), bytes)).toEqual(response);
    expect(readPieces(readResponse(response.version), singly(bytes))).toEqual(response);
    for (const pieces of everyCut(bytes)) expect(readPieces(readResponse(response.version), pieces)).toEqual(response);
  });

  it.each(Object.entries(responses))('refuses a response that ends early, wherever: %s', (_, response) => {
    const bytes = sent(response);
    // A server that has no dependency file closes the connection instead.
    const lawful = bytes.indexOf('DOTD');
    for (const [start, rest] of everyCut(bytes)) {
      if (rest.length === 0 || start.length === lawful) continue;
      expect(faultOf(() => read(readResponse(response.version), start))).toMatchObject({ kind: 'truncated' });
    }
  });

  it('reads what encodeResponse() writes', () => {
    const property = fc.property(anyResponse, (response) => {
      expect(read(readResponse(response.version), sent(response))).toEqual(response);
    });
    holds('readResponse()', property, 300);
  });

  it('is complete after the object when no dependency file can follow', () => {
    for (const response of Object.values(responses)) {
      const decoder = new Decoder(readResponse(response.version));
      decoder.feed(sent(response));
      const mayFollow = response.version === 3 && response.status === 0 && response.dependencies === undefined;
      expect(decoder.result === undefined).toBe(mayFollow);
    }
  });

  it('refuses the answer to another version', () => {
    expect(faultOf(() => read(readResponse(1), 'DONE00000002'))).toMatchObject({
      kind: 'version',
      message: 'the server answered with protocol version 2 instead of 1',
    });
    expect(faultOf(() => read(readResponse(2), 'DONE00000000'))).toMatchObject({
      message: 'the server answered with protocol version 0 instead of 2',
    });
  });

  it('refuses a status that is not a wait status', () => {
    expect(faultOf(() => read(readResponse(1), 'DONE00000001STAT00010000'))).toMatchObject({
      kind: 'too large',
      message: 'the status of token "STAT" is 65536, more than the limit of 65535',
    });
  });

  it.each(['SERR', 'SOUT', 'DOTO', 'DOTD'])('refuses a %s of more than 512 MiB before it comes', (name) => {
    const before = 'SERR00000000SOUT00000000DOTO00000000DOTD00000000';
    const start = `DONE00000003STAT00000000${before.slice(0, before.indexOf(name))}`;
    expect(faultOf(() => read(readResponse(3), `${start}${name}ffffffff`))).toMatchObject({
      kind: 'too large',
      message: `the length of token "${name}" is 4294967295, more than the limit of 570425411`,
    });
  });
});
