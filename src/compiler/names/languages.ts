/** Text for the assembler that needs no preprocessor, unlike `assembler-with-cpp`. */
export const assemblerLanguage = 'assembler';

/** Languages that are preprocessed here and compiled elsewhere, and the name of their preprocessed text after `-x`. */
const preprocessedNames: ReadonlyMap<string, string> = new Map([
  ['c', 'cpp-output'],
  ['c++', 'c++-cpp-output'],
  ['objective-c', 'objective-c-cpp-output'],
  ['objective-c++', 'objective-c++-cpp-output'],
]);

const preprocessedSuffix = 'cpp-output';

/** Whether a language after `-x` needs no preprocessing. */
export function isPreprocessedLanguage(language: string): boolean {
  return language === assemblerLanguage || language.endsWith(preprocessedSuffix);
}

/**
 * The name of a language after preprocessing, `undefined` for one that is not distributed (headers, OpenCL, CUDA, Go).
 */
export function preprocessedLanguage(language: string): string | undefined {
  return isPreprocessedLanguage(language) ? language : preprocessedNames.get(language);
}

/** Whether a word after `-x` cancels an earlier language, so that the source's name decides. */
export function isLanguageByName(language: string): boolean {
  return language === 'none';
}

/**
 * Whether a job with this language after `-x` is sent to a server: by distcc 3.x (doc/distcc-behaviour.md, "The
 * scanner", rule 11), or by us.
 */
export function isDistributedLanguage(language: string): boolean {
  return language === assemblerLanguage || isLanguageByName(language) || /^(?:c|objective-c|go)/.test(language);
}
