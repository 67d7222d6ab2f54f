import { describe, expect, it } from 'vitest';
import { redirectOutputs } from '../../../../src/compiler/command/redirect-outputs.ts';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';

/** The words of a command whose outputs were redirected. */
function redirected(command: string): string {
  const verdict = scanArguments(command.split(' '), 'server');
  if (verdict.run === 'locally') throw new Error(verdict.because);
  return redirectOutputs(verdict, { object: '/J/o', dependencies: '/J/d' }).join(' ');
}

describe('redirectOutputs()', () => {
  it.each([
    ['gcc -c a.c', 'gcc -c a.c -o /J/o'],
    ['gcc -O2 -c x/a.c -o y/a.o -I inc', 'gcc -O2 -c x/a.c -o /J/o -I inc'],
    ['gcc -oy.o -c a.c', 'gcc -o/J/o -c a.c'],
    ['gcc -c a.c -o y/a.o -MD', 'gcc -c a.c -o /J/o -MD -MF /J/d -MQ y/a.o'],
    ['gcc -c x/a.b.c -MMD -MP', 'gcc -c x/a.b.c -MMD -MP -o /J/o -MF /J/d -MQ a.b.o'],
    ['gcc -S x/a.c -MD', 'gcc -S x/a.c -MD -o /J/o -MF /J/d -MQ a.o'],
    ['gcc -c a.c -o b.o -MD -MF deps/b.d', 'gcc -c a.c -o /J/o -MD -MF /J/d -MQ b.o'],
    ['gcc -c a.c -o b.o -MD -MFdeps/b.d -MT t', 'gcc -c a.c -o /J/o -MD -MF/J/d -MT t'],
    ['gcc -c a.c -o b.o -MD -MQ -MF', 'gcc -c a.c -o /J/o -MD -MQ -MF -MF /J/d'],
    ['gcc -c a.c -o b.o -Wp,-MD,.b.d', 'gcc -c a.c -o /J/o -Wp,-MD,/J/d'],
    ['gcc -c a.c -o b.o -Wp,-MMD,.b.d,-MT,t', 'gcc -c a.c -o /J/o -Wp,-MMD,/J/d,-MT,t'],
    ['gcc -c a.c -o b.o -Wp,-MF,b.d -MD', 'gcc -c a.c -o /J/o -Wp,-MF,/J/d -MD -MQ b.o'],
    ['clang -c a.c -o b.o -Wp,-MD,.b.d', 'clang -c a.c -o /J/o -Wp,-MD,/J/d -MQ b.o'],
    [
      'gcc -c a.c -o b.o -Xpreprocessor -MD -Xpreprocessor b.d',
      'gcc -c a.c -o /J/o -Xpreprocessor -MD -Xpreprocessor /J/d',
    ],
  ])('%s: %s', (command, expected) => {
    expect(redirected(command)).toBe(expected);
  });
});
