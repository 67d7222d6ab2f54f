import { expect, test } from 'vitest';
import { commandName } from '../../../../src/client/builds/command-name.ts';

test.each([
  ['distcc gcc -march=native -c a.c -o a.o', 'a.c'],
  ['distcc gcc a.o b.o -o program', 'program'],
  ['distcc gcc a.o b.o -oprogram -lm', 'program'],
  ['distcc gcc -o program a.c b.c', 'program'],
  ['distcc gcc -c a.c b.c', 'b.c'],
  ['distcc gcc a.o -o', '-o'],
  ['distcc gcc -E -include=x.c a.c', 'a.c'],
  ['distcc gcc --version', '--version'],
  ['', ''],
])('commandName() calls "%s" "%s"', (command, name) => {
  expect(commandName(command.split(' '))).toBe(name);
});
