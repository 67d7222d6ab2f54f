import { isSourceName } from '../../compiler/names/source-name.ts';

/** The output that a command names with "-o", in one word or two; undefined without one. */
function outputOf(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word, index) => word.startsWith('-o') && index > 0);
  const name = at === -1 ? undefined : words[at] === '-o' ? words[at + 1] : words[at]?.slice('-o'.length);
  return name === '' ? undefined : name;
}

/**
 * What a command is called that has no name yet, or no single source: by its only source, else by its output, else by
 * its last word.
 */
export function commandName(words: readonly string[]): string {
  const output = outputOf(words);
  const sources = words.filter((word) => isSourceName(word) && word !== output && !word.startsWith('-'));
  const [only, ...others] = sources;
  if (only !== undefined && others.length === 0) return only;
  return output ?? words.at(-1) ?? '';
}
