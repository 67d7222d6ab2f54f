import { describe, expect, it } from 'vitest';
import { readPermittedOptions } from '../../../../src/compiler/allow-list/judge-words.ts';
import { finish } from '../../../../src/basics/steps.ts';
import { judgeCommand as judgeInSteps } from '../../../../src/server/policy/judge-command.ts';
import type { CommandPolicy, JobCommand } from '../../../../src/server/policy/judge-command.ts';
import { encodeRefusal } from '../../../../src/wire/refusal.ts';

const compilers = { permit: (name: string) => ({ path: `/usr/bin/${name}`, name }) };

const policy = (...permitted: string[]): CommandPolicy => ({
  compilers,
  permittedOptions: readPermittedOptions(permitted),
});

const judgeCommand = (argv: readonly string[], rules: CommandPolicy): JobCommand => finish(judgeInSteps(argv, rules));

const argvOf = (line: string, rules = policy()): string => judgeCommand(line.split(' '), rules).argv.join(' ');

function sentenceOf(...argv: readonly string[]): string {
  try {
    judgeCommand(argv, policy());
  } catch (error) {
    return String(error);
  }
  return 'permitted';
}

describe('judgeCommand()', () => {
  it.each([
    ['gcc -c a.c', 'gcc -c -o a.o -x cpp-output a.i'],
    ['gcc -S dir/a.c -o dir/b.s', 'gcc -S -o b.s -x cpp-output a.i'],
    ['gcc -O2 -c -g a.c -Wall -oa.o', 'gcc -c -o a.o -x cpp-output a.i -O2 -g -Wall'],
    ['gcc -c -c a.c -x c++ -S', 'gcc -S -o a.s -x cpp-output a.i'],
    ['gcc -x c++ a.c -c', 'gcc -c -o a.o -x c++-cpp-output a.i'],
    ['g++ -c a.c', 'g++ -c -o a.o -x c++-cpp-output a.i'],
    ['clang++ -c a.m', 'clang++ -c -o a.o -x objective-c++-cpp-output a.mi'],
    [
      'gcc -c a.cc -I x -MD -MF /etc/x --sysroot=/x -DX -Xassembler -Z',
      'gcc -c -o a.o -x c++-cpp-output a.ii -Xassembler -Z',
    ],
    ['clang -target x -c a.c --param a=1', 'clang -c -o a.o -x cpp-output a.i -target x --param a=1'],
  ])('makes %s: %s', (line, argv) => {
    expect(argvOf(line)).toBe(argv);
  });

  it('puts every word of a client after its own, so that none can take those for a value', () => {
    const { argv, input, output } = judgeCommand('gcc -O2 -c a.c -o b.o -Wa,-Z'.split(' '), policy());
    expect(argv.slice(0, 7)).toEqual(['gcc', '-c', '-o', output, '-x', 'cpp-output', input]);
  });

  it('leaves all words where they were when every option is permitted', () => {
    expect(argvOf('gcc -fplugin=x -c a.c -o b.o', { compilers, permittedOptions: 'every option' })).toBe(
      'gcc -c -fplugin=x -c a.i -o b.o',
    );
  });

  it('permits what the administrator adds', () => {
    expect(argvOf('gcc -fstack-usage -c a.c', policy('-fstack-usage'))).toContain('a.i -fstack-usage');
  });

  it('names the option, what it does and how it can be permitted, within what clients of distcc 3.4 show', () => {
    for (const option of [
      '-fplugin=x.so',
      `-specs=${'x'.repeat(5000)}`,
      '-fno-preprocessed',
      '-zzz="\n',
      '-fé'.repeat(99),
      `-Wa,${'\0'.repeat(99)}`,
    ]) {
      const sentence = sentenceOf('gcc', option, '-c', 'a.c').replace('Refusal: ', '');
      const shown = encodeRefusal(1, sentence).at(-1)?.toString() ?? '';
      expect(shown).toMatch(/^distccd: the option "-[^\n]*" is refused: it [^\n]*--permit-option\n$/);
    }
  });
});
