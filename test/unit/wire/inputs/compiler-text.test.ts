import { describe, expect, it } from 'vitest';
import { encodeCompiler, parseCompiler } from '../../../../src/wire/inputs/compiler-text.ts';

const gcc = { version: 'GCC: (Debian 12.2.0-14) 12.2.0', target: 'x86_64-linux-gnu', makes: 'a'.repeat(64) };

describe('encodeCompiler() and parseCompiler()', () => {
  it('face each other', () => {
    expect(encodeCompiler(gcc)).toBe(`${'a'.repeat(64)} x86_64-linux-gnu GCC: (Debian 12.2.0-14) 12.2.0`);
    expect(parseCompiler(encodeCompiler(gcc) ?? '')).toEqual(gcc);
  });

  it('say nothing of what does not fit', () => {
    expect(encodeCompiler({ ...gcc, version: 'x'.repeat(201) })).toBeUndefined();
    expect(encodeCompiler({ ...gcc, target: '' })).toBeUndefined();
  });

  it.each(['', 'gcc', `${'a'.repeat(64)} x86_64-linux-gnu`, `${'a'.repeat(64)} x \x1b[2J`])(
    'take no other text: "%s"',
    (text) => expect(parseCompiler(text)).toBeUndefined(),
  );
});
