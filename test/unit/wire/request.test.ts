import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRequest, encodeRequestHead, readRequest } from '../../../src/wire/request.ts';
import type { CompileRequest } from '../../../src/wire/request.ts';
import { holds } from './checked.ts';
import { anyRequest, requests } from './messages.ts';
import { everyCut, faultOf, read, readPieces, singly } from './reading.ts';

const sent = (request: CompileRequest): Buffer => Buffer.concat(encodeRequest(request));

describe('encodeRequest()', () => {
  it('writes a version 1 request as distcc does', () => {
    const argv = ['x86_64-linux-gnu-gcc', '-O2', '-c', 'a.c', '-o', 'a.o'];
    expect(sent({ version: 1, argv, source: Buffer.from('int x;\n') }).toString()).toBe(
      'DIST00000001ARGC00000006ARGV00000014x86_64-linux-gnu-gccARGV00000003-O2ARGV00000002-c' +
        'ARGV00000003a.cARGV00000002-oARGV00000003a.oDOTI00000007int x;\n',
    );
  });

  it('writes a version 2 request with a packed source', () => {
    expect(sent({ version: 2, argv: ['cc'], source: Buffer.from('a') }).toString('latin1')).toBe(
      'DIST00000002ARGC00000001ARGV00000002ccDOTI00000005\x12a\x11\0\0',
    );
  });

  it('writes a version 3 request with its folder before the arguments and its files after them', () => {
    const request: CompileRequest = {
      version: 3,
      directory: '/home/me/proj',
      argv: ['cc', '-c'],
      files: [{ kind: 'link', name: '/usr/include', target: '../../usr/include' }],
    };
    expect(sent(request).toString()).toBe(
      'DIST00000003CDIR0000000d/home/me/projARGC00000002ARGV00000002ccARGV00000002-c' +
        'NFIL00000001NAME0000000c/usr/includeLINK00000011../../usr/include',
    );
  });

  it('does not copy a plain source', () => {
    const source = Buffer.alloc(100_000);
    expect(encodeRequest({ version: 1, argv: ['cc'], source })).toContain(source);
  });

  it('begins with what encodeRequestHead() writes', () => {
    for (const request of Object.values(requests)) {
      if (request.version === 3) continue;
      const head = encodeRequestHead(request);
      expect(
        sent(request)
          .subarray(0, head.length + 4)
          .toString(),
      ).toBe(`${head.toString()}DOTI`);
    }
  });
});

describe('readRequest()', () => {
  it.each(Object.entries(requests))('reads a request however the network cut it: %s', (_, request) => {
    const bytes = sent(request);
    expect(read(readRequest(), bytes)).toEqual(request);
    expect(readPieces(readRequest(), singly(bytes))).toEqual(request);
    for (const pieces of everyCut(bytes)) expect(readPieces(readRequest(), pieces)).toEqual(request);
  });

  it.each(Object.entries(requests))('refuses a request that ends early, wherever: %s', (_, request) => {
    for (const [start, rest] of everyCut(sent(request))) {
      if (rest.length > 0) expect(faultOf(() => read(readRequest(), start))).toMatchObject({ kind: 'truncated' });
    }
  });

  it('reads what encodeRequest() writes, in pieces of any size', () => {
    const property = fc.property(anyRequest, fc.array(fc.nat(200)), (request, sizes) => {
      const bytes = sent(request);
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(readPieces(readRequest(), [...pieces, bytes.subarray(at)])).toEqual(request);
    });
    holds('readRequest()', property, 300);
  });

  it.each([0, 4, 0xffffffff])('refuses version %d', (version) => {
    const bytes = `DIST${version.toString(16).padStart(8, '0')}`;
    expect(faultOf(() => read(readRequest(), bytes))).toMatchObject({
      kind: 'version',
      message: `the protocol has no version ${version}: only 1, 2 and 3 are known`,
    });
  });

  it('refuses a source of more than 512 MiB before it comes', () => {
    const head = 'DIST00000001ARGC00000001ARGV00000002cc';
    expect(faultOf(() => read(readRequest(), `${head}DOTI20000001`))).toMatchObject({
      kind: 'too large',
      message: 'the length of token "DOTI" is 536870913, more than the limit of 536870912',
    });
    expect(faultOf(() => read(readRequest(), `${head}DOTI20000000`))).toMatchObject({ kind: 'truncated' });
  });

  it('refuses packets in another order', () => {
    expect(faultOf(() => read(readRequest(), 'DIST00000001DOTI00000000'))).toMatchObject({
      kind: 'malformed',
      message: 'expected token "ARGC" but got "DOTI"',
    });
    expect(faultOf(() => read(readRequest(), 'DIST00000003ARGC00000001'))).toMatchObject({
      message: 'expected token "CDIR" but got "ARGC"',
    });
  });
});
