/**
 * Whether warnings make a compile fail by these words of a command: then a warning that preprocessed text does not give
 * changes more than what is said.
 */
export function failsOnWarnings(words: readonly string[]): boolean {
  return words.some((word) => /^(?:-Werror(?:=|$)|-pedantic-errors$|--pedantic-errors$)/.test(word));
}
