import { describe, expect, it } from 'vitest';
import { localOptions } from '../../../../src/compiler/command/local-options.ts';
import { localReasons } from '../../../../src/compiler/command/local-reasons.ts';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';
import type { LocalVerdict } from '../../../../src/compiler/verdict.ts';

function localVerdict(command: string): LocalVerdict {
  const verdict = scanArguments(command.split(' '), 'client');
  if (verdict.run === 'remotely') throw new Error(`"${command}" can be distributed`);
  return verdict;
}

/** Values for the entries that only mean some. */
const values: Readonly<Record<string, string>> = {
  '--for-assembler value': '=-al',
  '-M start': 'E',
  '-Wa, start': '-a',
  '-Xassembler value': ' -al',
  '-d start': 'a',
  '-fdiagnostics-format= start': 'sarif-file',
  '-finput-charset= start': 'latin1',
  '-fopt-info start': '-vec=file',
};

describe('localReasons', () => {
  it.each(localOptions.rules.map((rule) => [`${rule.option} ${rule.form}`, rule] as const))(
    'tells how to have %s distributed',
    (name, { option, clangOnly }) => {
      const compiler = clangOnly === true ? 'clang' : 'gcc';
      const { because, cure } = localVerdict(`${compiler} ${option}${values[name] ?? ''} -c a.c -o a.o`);
      expect(because).toContain(option);
      const known = Object.values(localReasons).find(
        (reason) => because.endsWith(reason.because) && reason.cure === cure,
      );
      expect(known).toBeDefined();
    },
  );

  it('gives a cure that differs from the reason, neither with a period', () => {
    for (const { because, cure } of Object.values(localReasons)) {
      expect(cure).not.toBe(because);
      expect(cure).toMatch(/^[a-z].{8,}[^.]$/);
    }
  });

  it.each([
    ['gcc -c a.c -o', 'give it its value'],
    ['gcc -c a.c -Wp,-MD', 'write "-Wp,-MD,FILE"'],
    ['gcc -c a.c -MD -MF -', 'name a file after "-MF"'],
    ['gcc -c a.c @more', 'write the options of "more" on the command line'],
    ['gcc -c a.c b.c', 'compile each source by a command of its own'],
    ['gcc -c a.c a.o b.o', 'name one output'],
    ['gcc -c a.c -o a.o -o b.o', 'name one output'],
    ['gcc -x f95 -c a.c', 'C, C++ and Objective-C'],
    ['gcc -xc -c a.c', 'write "-x c", as two words'],
    ['gcc -x c-header -c a.c', 'precompiled where they are used'],
    ['gcc a.c -o a', 'compile with "-c" first'],
    ['gcc -c a.s', 'a source that ends in .c'],
    ['gcc -c conftest.c', 'another name than "conftest"'],
    ['gcc -c .c', 'name the output by "-o"'],
    ['gcc -c a.c a.o', 'write "-o" before "a.o"'],
    ['gcc -S a.c -o -', 'write to a file'],
    ['gcc -S a.c -fverbose-asm', 'take "-fverbose-asm" out'],
    ['clang -c a.c -emit-llvm', 'name the output by "-o"'],
    ['gcc -c a.c -g -undef', 'take "-undef" out'],
    ['gcc -c a.c -I -o a.o', 'took the next word for it'],
    ['gcc -c a.c -fplugin=x.so', 'take "-fplugin=x.so" out'],
  ])('has a cure of its own for %s', (command, cure) => {
    expect(localVerdict(command).cure).toContain(cure);
  });
});
