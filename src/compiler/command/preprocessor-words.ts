/**
 * Takes the `-Wp,` words of a command apart, so that `-Wp,-MD,f` reads as `-MD -MF f` (doc/distcc-behaviour.md, "Words
 * for the preprocessor"); for looking at only, because gcc names another target in the `.d` file for `-Wp,-MD,f` than
 * for `-MD -MF f`.
 */
export function expandPreprocessorWords(argv: readonly string[]): string[] {
  return argv.flatMap((word) => expandPreprocessorWord(word));
}

/** The words that one word stands for: itself unless it begins with `-Wp,`. */
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
 * Whether a `-Wp,` word asks for a dependency file and does not name it: gcc then takes its next word, the source even,
 * for the name.
 */
export function lacksDependencyFile(word: string): boolean {
  return /^-Wp,(?:.*,)?-MM?D$/.test(word);
}
