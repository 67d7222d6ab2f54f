import { describe, expect, it } from 'vitest';
import { tellsResourceExhaustion } from '../../../../src/compiler/messages/resource-exhaustion.ts';

describe('tellsResourceExhaustion()', () => {
  it.each([
    'a.c:9:1: fatal error: error writing to /.job/a.s: No space left on device',
    "Assembler messages:\nFatal error: can't write 300 bytes to section .text of a.o: 'No space left on device'",
    'cc1: out of memory allocating 65536 bytes after a total of 90000 bytes',
    'virtual memory exhausted: Cannot allocate memory',
  ])('knows %j', (messages) => expect(tellsResourceExhaustion(messages)).toBe(true));

  it('takes nothing else for it', () => {
    expect(tellsResourceExhaustion("a.c:1:2: error: 'out' undeclared")).toBe(false);
  });
});
