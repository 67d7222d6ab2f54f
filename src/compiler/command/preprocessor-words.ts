/**
 * Splits the `-Wp,` words of a command, so that `-Wp,-MD,f` reads as `-MD -MF f` (doc/distcc-behaviour.md, "Words for
 * the preprocessor"). The result is only for checks and must not be run: gcc names different targets in the `.d` files
 * of the two forms.
 */
export function expandPreprocessorWords(argv: readonly string[]): string[] {
  return argv.flatMap((word) => expandPreprocessorWord(word));
}

/** The words that a word stands for: itself, unless it begins with `-Wp,`. */
export function expandPreprocessorWord(word: string): readonly string[] {
  if (!word.startsWith('-Wp,')) return [word];
  const parts = word.slice('-Wp,'.length).split(',');
  const words: string[] = [];
  for (const [at, part] of parts.entries()) {
    words.push(part);
    if ((part === '-MD' || part === '-MMD') && at + 1 < parts.length) words.push('-MF');
  }
  return words;
}

/**
 * Whether a `-Wp,` word asks for a dependency file without naming it: gcc then takes the next word as the name, even if
 * that is the source.
 */
export function lacksDependencyFile(word: string): boolean {
  return /^-Wp,(?:.*,)?-MM?D$/.test(word);
}
