import { judgeWords, readPermittedOptions } from '../../src/compiler/allow-list/judge-words.ts';
import type { Judgement } from '../../src/compiler/allow-list/judge-words.ts';
import { scanArguments } from '../../src/compiler/command/scan-arguments.ts';

/** What a server makes of a command: the judgement, or why it is not a compile at all. */
export function judged(argv: readonly string[], permitted: readonly string[] = []): Judgement {
  const verdict = scanArguments(argv, 'server');
  if (verdict.run === 'locally') return { refused: { option: 'the command', because: verdict.because } };
  return judgeWords(verdict, readPermittedOptions(permitted));
}

/** The judgement of options in a compile by gcc, or by another compiler. */
export function judgedOptions(options: readonly string[], compiler = 'gcc'): Judgement {
  return judged([compiler, ...options, '-c', 'a.c', '-o', 'a.o']);
}
