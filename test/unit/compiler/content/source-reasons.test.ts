import { describe, expect, it } from 'vitest';
import { sourceReason } from '../../../../src/compiler/content/source-reasons.ts';

const none = Buffer.alloc(0);

describe('sourceReason()', () => {
  it.each([
    'a.c:1:1: error: this statement may fall through [-Werror=implicit-fallthrough=]',
    "a.c:1:1: error: unused variable 'x' [-Werror,-Wunused-variable]",
  ])('knows a warning that counts as an error: %s', (messages) => {
    expect(sourceReason(none, Buffer.from(messages))).toMatch('a warning counts as an error');
  });

  it('knows assembler that reads files, and nothing of other texts', () => {
    expect(sourceReason(Buffer.from('__asm__(".incbin \\"data.bin\\"");'), none)).toMatch('reads files');
    expect(sourceReason(Buffer.from('int x;'), Buffer.from('error: x'))).toBeUndefined();
  });
});
