import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { baseName, isObjectName, isSourceName } from './source-name.ts';

/**
 * The compiler's command line in a call of distcc, and how the compiler was named (doc/distcc-behaviour.md, "Finding
 * the compiler").
 */
export interface Invocation {
  /** `distcc gcc -c a.c`, `distcc -c a.c`, or `gcc -c a.c` with `gcc` a link to distcc. */
  readonly kind: 'explicit' | 'implicit' | 'masquerade';
  /** The command, compiler first. */
  readonly words: readonly string[];
}

/** Whether a first word cannot be a compiler, so that the compiler has been left out. */
function startsCompilerArguments(word: string): boolean {
  return word.startsWith('-') || isSourceName(word) || isObjectName(word);
}

/**
 * Finds the compiler from the name that distcc was called by and the words after it. distcc's own options have been
 * handled before.
 * @throws Failure when there is no word, or the compiler's name begins with a dash
 */
export function findInvocation(invokedAs: string, args: readonly string[]): Invocation {
  const name = baseName(invokedAs);
  if (!name.includes('distcc')) {
    if (name.startsWith('-')) throw new Failure(exitStatus.badArguments, `unrecognized distcc option: ${name}`);
    return { kind: 'masquerade', words: [name, ...args] };
  }
  const [first] = args;
  if (first === undefined) throw new Failure(exitStatus.badArguments, 'missing option/operand');
  if (startsCompilerArguments(first)) return { kind: 'implicit', words: ['cc', ...args] };
  return { kind: 'explicit', words: args };
}
