import { expect, test } from 'vitest';
import { firstError } from '../../../../src/compiler/messages/first-error.ts';

test.each([
  ['', undefined],
  ['\n  \n', undefined],
  ['a.c: In function f:\na.c:3:5: error: no room\na.c:4:1: error: more\n', 'error: no room'],
  ['as: cannot allocate memory\n', 'as: cannot allocate memory'],
  ['\u001B[01m\u001B[Ka.c:1:2:\u001B[m\u001B[K \u001B[01;31merror: \u001B[mred\u0007', 'error: red'],
  ['gcc: fatal error: no input files\ncompilation terminated.\n', 'gcc: fatal error: no input files'],
  [`a.c:1:1: error: ${'x'.repeat(900)}`, `error: ${'x'.repeat(193)}...`],
])('firstError() of %j is the line that names the fault, without the place', (messages, expected) => {
  expect(firstError(messages)).toBe(expected);
});
