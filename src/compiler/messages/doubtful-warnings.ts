import { isClang } from '../names/compiler-family.ts';

/**
 * Warnings, without "-W", that compilers may give for preprocessed text and not for its source, because they depend on
 * comments or on whether code comes from a macro. Sorted.
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
 * Matches the warning's name at the end of a message: `[-Wx]`, `[-Werror=x]`, `[-Werror,-Wx]`, `[-Wx=]`, also in colour
 * and as a link.
 */
function patternOf(names: readonly string[]): RegExp {
  return new RegExp(`-W(?:error=|error,-W)?(${names.join('|')})(?![a-z-])`, 'u');
}

const withoutNames = 'fno-diagnostics-show-option';

/**
 * The option of a warning that may be false, in a compiler's messages about preprocessed text: the source may have a
 * comment or a macro that the text lacks, so only a compile of the source can tell. `undefined` when no warning is
 * doubtful.
 */
export function doubtfulWarning(words: readonly string[], messages: string): string | undefined {
  const family = isClang(words[0] ?? '') ? 'clang' : 'gcc';
  const name = patterns[family].exec(messages)?.[1];
  if (name !== undefined) return `-W${name}`;
  // With this option messages do not name their warnings.
  return words.includes(`-${withoutNames}`) && messages.includes('warning:') ? `-${withoutNames}` : undefined;
}
