import { describe, expect, it } from 'vitest';
import { judgeCommand } from '../../../../src/server/policy/judge-command.ts';
import { Refusal } from '../../../../src/server/policy/refusal.ts';

const policy = {
  compilers: { permit: (name: string) => ({ path: '/usr/bin/gcc', name }) },
  permittedOptions: () => false,
};

/** Goes through a command, and counts the steps and how often one of its words is looked at. */
function workFor(words: readonly string[]): number {
  let work = 0;
  const argv = new Proxy(['gcc', ...words, '-c', 'a.c', '-o', 'a.o'], {
    get(target, name, receiver) {
      work += 1;
      const value: unknown = Reflect.get(target, name, receiver);
      return value;
    },
  });
  const steps = judgeCommand(argv, policy);
  try {
    while (steps.next().done !== true) work += 1;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return work;
}

const repeat = (count: number, ...some: readonly string[]): string[] =>
  Array.from({ length: count }, () => some).flat();

describe('judging a command', () => {
  it.each<readonly [string, (size: number) => readonly string[]]>([
    ['options', (size) => repeat(size, '-fno-a', '-Wall', '-mno-sse')],
    ['options that hand the next word on', (size) => repeat(size, '-Xclang', '-fno-x', '-mllvm', '-y')],
    [
      'options that hand it on before others that hold many words',
      (size) => [...repeat(size, '-Xclang'), ...repeat(5, `-Wa,${','.repeat(size)}`)],
    ],
    ['words for the assembler', (size) => repeat(4, `-Wa,${'-W,'.repeat(size)}-W`)],
    ['words for the preprocessor', (size) => repeat(size, '-Wp,-MD,x,-DFOO')],
    ['options that are left out', (size) => repeat(size, '-D', 'x', '-Ifoo', '-MF', 'x', '-lfoo')],
    ['languages', (size) => repeat(size, '-x', 'c')],
    ['words that nobody knows', (size) => repeat(size, '-', '--', 'x', '@x')],
    ['long words', (size) => repeat(3, `-fno-${'a-'.repeat(size)}`, `-Wno-${'='.repeat(size)}`)],
  ])('takes twice the work for twice as many %s', (_, words) => {
    const [once, twice, fourTimes] = [2000, 4000, 8000].map((size) => workFor(words(size)));
    expect(twice ?? 0).toBeLessThanOrEqual(2.2 * (once ?? 0));
    expect(fourTimes ?? 0).toBeLessThanOrEqual(2.2 * (twice ?? 0));
  });
});
