import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import type { Grammar } from '../../../src/wire/reading/decoder.ts';
import { ProtocolError } from '../../../src/wire/reading/protocol-error.ts';
import { encodeRequest, readRequest } from '../../../src/wire/request.ts';
import { encodeResponse, readResponse } from '../../../src/wire/response.ts';
import { holds } from './checked.ts';
import { requests, responses } from './messages.ts';

const messages: readonly (readonly [string, Buffer, () => Grammar<unknown>])[] = [
  ...Object.entries(requests).map(
    ([name, request]) => [`request, ${name}`, Buffer.concat(encodeRequest(request)), readRequest] as const,
  ),
  ...Object.entries(responses).map(([name, response]) => {
    const reader = (): Grammar<unknown> => readResponse(response.version);
    return [`response, ${name}`, Buffer.concat(encodeResponse(response)), reader] as const;
  }),
];

/** Reads bytes that may be anything: the reader may refuse them with a ProtocolError, and nothing else may happen. */
function survive(reader: () => Grammar<unknown>, bytes: Buffer): void {
  try {
    const decoder = new Decoder(reader());
    decoder.feed(bytes);
    decoder.end();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    expect(error.message).toMatch(/^[\x20-\x7e]+[^.]$/);
  }
}

/** The most memory that was taken at once while `work` ran, in bytes. */
function largestTaken(work: () => void): number {
  const spies = [vi.spyOn(Buffer, 'alloc'), vi.spyOn(Buffer, 'allocUnsafe'), vi.spyOn(Buffer, 'allocUnsafeSlow')];
  work();
  return Math.max(0, ...spies.flatMap((spy) => spy.mock.calls.map(([size]) => size)));
}

afterEach(() => vi.restoreAllMocks());

describe('readRequest() and readResponse()', () => {
  it.each(messages)('survive any one byte being another: %s', (_, bytes, reader) => {
    const most = largestTaken(() => {
      for (let place = 0; place < bytes.length; place += 1) {
        for (const flip of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]) {
          const changed = Buffer.from(bytes);
          changed[place] = (changed[place] ?? 0) ^ flip;
          survive(reader, changed);
        }
      }
    });
    // An LZO stream gives 255 bytes for one at the most, and its memory may be twice that.
    expect(most).toBeLessThanOrEqual(2 * 255 * bytes.length);
  });

  it('survive any bytes in place of any others', () => {
    const changes = fc.array(fc.tuple(fc.nat(2000), fc.uint8Array({ maxLength: 12 })), { minLength: 1, maxLength: 5 });
    const property = fc.property(fc.constantFrom(...messages), changes, ([, bytes, reader], each) => {
      const changed = Buffer.from(bytes);
      for (const [place, put] of each)
        changed.set(put.subarray(0, Math.max(0, bytes.length - place)), Math.min(place, bytes.length));
      survive(reader, changed);
    });
    holds('hostile bytes', property, 1000);
  });

  it.each(messages)('survive every number being the largest: %s', (_, bytes, reader) => {
    const most = largestTaken(() => {
      for (let place = 0; place + 12 <= bytes.length; place += 1) {
        if (!/^[A-Z]{4}[0-9a-f]{8}$/.test(bytes.toString('latin1', place, place + 12))) continue;
        for (const digits of ['ffffffff', '7fffffff', '80000000', '20000000', '00010000', '00001000']) {
          const changed = Buffer.from(bytes);
          changed.write(digits, place + 4, 'latin1');
          survive(reader, changed);
        }
      }
    });
    expect(most).toBeLessThanOrEqual(2 * 255 * bytes.length);
  });
});
