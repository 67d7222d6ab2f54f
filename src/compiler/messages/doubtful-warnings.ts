import { isClang } from '../names/compiler-family.ts';

/**
 * Warnings, without "-W", that compilers give for preprocessed text and not for its source: they ask there for
 * comments, or whether code comes from a macro. Sorted.
 */
const doubtful = {
  gcc: ['address', 'implicit-fallthrough', 'int-in-bool-context', 'logical-op', 'tautological-compare'],
  clang: [
    'constant-logical-operand',
    'extra-semi-stmt',
    'gnu-line-marker',
    'parentheses-equality',
    'self-assign',
    'tautological-[a-z-]+',
    'unused-value',
  ],
} as const;

const patterns = {
  gcc: patternOf(doubtful.gcc),
  clang: patternOf(doubtful.clang),
} as const;

/**
 * Finds the name at the end of a message, `[-Wx]`, `[-Werror=x]`, `[-Werror,-Wx]`, `[-Wx=]`, also in colour and as a
 * link.
 */
function patternOf(names: readonly string[]): RegExp {
  return new RegExp(`-W(?:error=|error,-W)?(${names.join('|')})(?![a-z-])`, 'u');
}

const withoutNames = 'fno-diagnostics-show-option';

/**
 * The option of a warning in a compiler's messages about preprocessed text that may be false: the source has a comment
 * or a macro that the text lacks, so only a compile of the source tells. `undefined` when the messages are as good as
 * those about the source.
 */
export function doubtfulWarning(words: readonly string[], messages: string): string | undefined {
  const family = isClang(words[0] ?? '') ? 'clang' : 'gcc';
  const name = patterns[family].exec(messages)?.[1];
  if (name !== undefined) return `-W${name}`;
  // Nothing then tells which warning it is.
  return words.includes(`-${withoutNames}`) && messages.includes('warning:') ? `-${withoutNames}` : undefined;
}
