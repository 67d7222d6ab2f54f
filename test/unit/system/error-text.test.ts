import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCode, systemReason } from '../../../src/system/error-text.ts';

function failure(): unknown {
  try {
    return readFileSync('/none');
  } catch (error) {
    return error;
  }
}

describe('systemReason()', () => {
  it("speaks the C library's words for system errors", () => {
    expect(systemReason(failure())).toBe('No such file or directory');
    expect(systemReason(Object.assign(new Error('x'), { errno: -111 }))).toBe('Connection refused');
  });

  it('leaves other errors their own words', () => {
    expect(systemReason(new Error('why'))).toBe('why');
    expect(systemReason('text')).toBe('text');
  });
});

describe('errorCode()', () => {
  it('gives the name of the reason, if there is one', () => {
    expect([errorCode(failure()), errorCode(new Error('x')), errorCode(undefined)]).toEqual([
      'ENOENT',
      undefined,
      undefined,
    ]);
  });
});
