import { needlessPairs } from '../allow-list/needless-options.ts';

/** Options of gcc and clang whose value is the next word: a command must not end with one of them. */
const takesNextWord: ReadonlySet<string> = new Set([
  ...needlessPairs,
  '--include',
  '--output',
  '--param',
  '-B',
  '-Xassembler',
  '-Xclang',
  '-Xlinker',
  '-Xpreprocessor',
  '-arch',
  '-aux-info',
  '-mllvm',
  '-o',
  '-target',
  '-x',
]);

/** The last word when it is an option that lacks its value: a word that distcc adds would become that value. */
export function danglingOption(words: readonly string[]): string | undefined {
  let at = 1;
  while (at < words.length) {
    const word = words[at] ?? '';
    if (!takesNextWord.has(word)) at += 1;
    else if (at + 1 === words.length) return word;
    else at += 2;
  }
  return undefined;
}
