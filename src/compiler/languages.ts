/** Languages that are preprocessed here and compiled elsewhere, and what their preprocessed text is called behind `-x`. */
const preprocessedNames: ReadonlyMap<string, string> = new Map([
  ['c', 'cpp-output'],
  ['c++', 'c++-cpp-output'],
  ['objective-c', 'objective-c-cpp-output'],
  ['objective-c++', 'objective-c++-cpp-output'],
]);

const preprocessedSuffix = 'cpp-output';

/** Whether a language behind `-x` is text that the preprocessor has seen. */
export function isPreprocessedLanguage(language: string): boolean {
  return language.endsWith(preprocessedSuffix);
}

/** The name of a language after preprocessing, `undefined` for one that is not distributed (headers, OpenCL, CUDA, Go). */
export function preprocessedLanguage(language: string): string | undefined {
  return isPreprocessedLanguage(language) ? language : preprocessedNames.get(language);
}

/** Whether distcc 3.x hands a language behind `-x` to a server (client-arguments reference, section 4, rule 11). */
export function isDistributedLanguage(language: string): boolean {
  return /^(?:c|objective-c|go)/.test(language);
}
