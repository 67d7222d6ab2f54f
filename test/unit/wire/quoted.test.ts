import { describe, expect, it } from 'vitest';
import { quoted } from '../../../src/wire/quoted.ts';

describe('quoted()', () => {
  it('leaves printable ASCII as it is', () => {
    expect(quoted('/home/me/a b.c')).toBe('"/home/me/a b.c"');
  });

  it('escapes what could forge a line, an end of the quotation, or a terminal command', () => {
    expect(quoted('a\nb"c\\d\x1b[2J\x9b')).toBe('"a\\x0ab\\"c\\\\d\\x1b[2J\\x9b"');
    expect(quoted('\u202e\ufffd')).toBe('"\\u202e\\ufffd"');
  });

  it('cuts what is long', () => {
    expect(quoted('x'.repeat(200))).toBe(`"${'x'.repeat(200)}"`);
    expect(quoted('x'.repeat(201))).toBe(`"${'x'.repeat(200)}..."`);
  });
});
