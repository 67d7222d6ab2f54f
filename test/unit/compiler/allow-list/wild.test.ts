import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeWords } from '../../../../src/compiler/allow-list/judge-words.ts';
import { textFeatures } from '../../../../src/compiler/allow-list/feature-names.ts';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';
import { judgedOptions } from '../../../support/judged.ts';

interface Seen {
  readonly option: string;
  readonly compiler: string;
  readonly kind: string;
}

const seen: readonly Seen[] = readFileSync(join(import.meta.dirname, 'wild.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [option = '', compiler = '', kind = ''] = line.split('\t');
    return { option: option.replaceAll('<VAR>', kind === 'code' ? '1' : 'dir/x=y'), compiler, kind };
  });

/**
 * What stays for the object's sake, or the messages': a host, which has preprocessed text only, would make another one.
 */
const anotherObject = [
  '-fcoverage-mapping',
  '-fdebug-macro',
  '-fembed-bitcode',
  '-fembed-bitcode-marker',
  '-fprofile-instr-generate',
  '-fprofile-instr-generate=',
  '-fprofile-instr-generate=/data/misc/trace/clang-1',
  '-frecord-command-line',
  '-ftime-report',
  '-ftime-report=',
  '-ftime-report=per-pass-run',
  '-gmodules',
];

/** Kinds of which every word affects the object and names nothing. */
const wanted = new Set(['code', 'path-map', 'llvm', 'asm: safe', 'xclang: safe']);

const refusedOf = ({ option, compiler }: Seen): string | undefined => {
  const judgement = judgedOptions(option.split(' '), compiler === 'clang' ? 'clang' : 'gcc');
  return judgement.refused && `${option}: ${judgement.refused.option} ${judgement.refused.because}`;
};

const legitimate = seen.filter(({ kind }) => wanted.has(kind));

describe('the words that builds really use', () => {
  it('are all there', () => {
    expect(legitimate.length).toBeGreaterThan(4500);
  });

  it('are all permitted when they only affect the object', () => {
    expect(legitimate.map(refusedOf).filter((refusal) => refusal !== undefined)).toEqual([]);
  });

  it('are not permitted when they name files, programs or more options, unless they are left out', () => {
    const others = seen.filter(({ kind }) => /^(?:local|asm: unsafe|xclang: unsafe)/.test(kind));
    const passed = others.filter((one) => refusedOf(one) === undefined);
    const kept = passed.filter(({ option }) => judgedOptions([option]).refused === undefined);
    expect(kept.map(({ option }) => option).sort()).toEqual(
      ['--verbose -Bsymbolic -C -CC -H -P -S -dA -dD -dM -dP -dp', '-fno-cxx-modules -fno-modules -resource-dir -v']
        .join(' ')
        .split(' ')
        .sort(),
    );
  });

  it('are all distributed when they only affect the object, and a host would make the same one', () => {
    const compilerOf = ({ compiler }: Seen): string => (compiler === 'clang' ? 'clang' : 'gcc');
    const kept = legitimate.filter((one) => {
      const argv = [compilerOf(one), ...one.option.split(' '), '-c', 'a.c', '-o', 'a.o'];
      return scanArguments(argv, 'client').run === 'locally';
    });
    expect(kept.map(({ option }) => option)).toEqual(anotherObject);
  });
});

describe('a longer tail', () => {
  const isText = (option: string): boolean =>
    [...textFeatures].some((name) => option.startsWith(`-f${name}`)) || option.includes('compilation-dir');

  it.each(['\n-fplugin=x', '\0', '\u007f', '\r'])('of control characters, %j, is refused after every word', (tail) => {
    const passed = legitimate.filter(({ option, compiler }) =>
      [option + tail].some((longer) => refusedOf({ option: longer, compiler, kind: '' }) === undefined),
    );
    expect(passed.map(({ option }) => option)).toEqual([]);
  });

  it.each(['/x', '@x', '\u00e9', '"x', '%x', '$(x)', '`x', '\\x', '=a=b=c=d', ' '])(
    'of %j is refused after every word but a text',
    (tail) => {
      const passed = legitimate.filter(({ option, compiler }) => {
        if (isText(option) || (tail === '$(x)' && option.startsWith('-R'))) return false;
        const words = option.split(' ');
        const longer = [...words.slice(0, -1), (words.at(-1) ?? '') + tail];
        return judgedOptions(longer, compiler === 'clang' ? 'clang' : 'gcc').refused === undefined;
      });
      expect(passed.map(({ option }) => option)).toEqual([]);
    },
  );

  it('is found by a hand-written verdict too, whatever scanArguments() thinks of it', () => {
    const verdict = scanArguments(['gcc', '-c', 'a.c', '-o', 'a.o'], 'server');
    if (verdict.run === 'locally') throw new Error(verdict.because);
    expect(judgeWords({ ...verdict, words: [...verdict.words, 'b.c'] }).refused?.option).toBe('b.c');
    expect(judgeWords({ ...verdict, words: [...verdict.words, '-o', 'b.o'] }).refused?.option).toBe('-o');
  });
});
