import { describe, expect, it } from 'vitest';
import { failsOnWarnings } from '../../../../src/compiler/messages/error-words.ts';

describe('failsOnWarnings()', () => {
  it.each([
    [['gcc', '-Werror', '-c', 'a.c'], true],
    [['gcc', '-Werror=format', '-c', 'a.c'], true],
    [['gcc', '-pedantic-errors', '-c', 'a.c'], true],
    [['gcc', '-Wall', '-Wno-error', '-c', 'a.c'], false],
    [['gcc', '-Wno-error=format', '-c', 'Werror.c'], false],
    [['gcc', '-Werrors', '-c', 'a.c'], false],
  ])('%j: %j', (words, fails) => {
    expect(failsOnWarnings(words)).toBe(fails);
  });
});
