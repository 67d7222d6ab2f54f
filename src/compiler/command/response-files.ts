import { wordsOfResponseFile } from './response-text.ts';

/**
 * Limits for the response files of one command: gcc gives up after this many files, and exec fails with many more
 * characters.
 */
export const responseFileLimits = { files: 2000, characters: 1024 * 1024 } as const;

/**
 * Replaces `@FILE` words by the words in those files, also inside the files, as the compiler does that the first word
 * names. Yields the path of each file as written, relative to the compiler's working directory, and expects its text,
 * or `undefined` when it cannot be read. An `@FILE` word stays when its file cannot be read, when compilers would read
 * its text in different ways, or when the limits are reached, as by a file that names itself: for the scanner it is
 * then a reason to compile here.
 */
export function* expandResponseFiles(words: readonly string[]): Generator<string, string[], string | undefined> {
  const expanded = words.slice(0, 1);
  // A stack: the next word is last. The words of a file are pushed, so that they come next.
  const pending = words.slice(1).reverse();
  let { files, characters } = responseFileLimits;
  for (let word = pending.pop(); word !== undefined; word = pending.pop()) {
    const inside = word.startsWith('@') && files > 0 && characters > 0 ? readWords(yield word.slice(1)) : undefined;
    if (inside !== undefined) {
      files -= 1;
      characters -= inside.characters;
    }
    if (inside === undefined || characters < 0) expanded.push(word);
    else for (const each of inside.words.reverse()) pending.push(each);
  }
  return expanded;
}

function readWords(text: string | undefined): { words: string[]; characters: number } | undefined {
  if (text === undefined || text.length > responseFileLimits.characters) return undefined;
  const words = wordsOfResponseFile(text);
  return words === undefined ? undefined : { words, characters: text.length };
}
