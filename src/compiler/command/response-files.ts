import { wordsOfResponseFile } from './response-text.ts';

/**
 * Bounds of what response files of one command may come to: gcc ends after this many files, an `exec` fails with many
 * more characters.
 */
export const responseFileLimits = { files: 2000, characters: 1024 * 1024 } as const;

/**
 * Puts the words of response files in the place of their `@FILE` words, those inside them included, as the compiler
 * does that is named by the first word. Yields the path of each file, as written and so meant from the compiler's
 * working directory, and is given its text, `undefined` where it cannot be read. A word stays as it is when its file
 * cannot be read, when compilers would read its text in different ways, and when the bounds are reached, as by a file
 * that names itself: to the scanner it is then a reason to stay here.
 */
export function* expandResponseFiles(words: readonly string[]): Generator<string, string[], string | undefined> {
  const expanded = words.slice(0, 1);
  // The next word is the last of these, so that the words of a file are looked at in their turn.
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
