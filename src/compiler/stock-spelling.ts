import { isClang } from './compiler-family.ts';

/**
 * The same options in other words where a server of distcc 3.x would mistake one: `-Wa,-a64` for a listing, `-fprofile-correction` for a
 * profile, and what follows `-mllvm` for an output or a language. Such servers look at each word by itself.
 */
export function spelledForStock(words: readonly string[]): string[] {
  const clang = isClang(words[0] ?? '');
  return words.flatMap((word, at) => {
    if (words[at - 1] === '-mllvm') return [/^-[ox]./.test(word) ? `-${word}` : word];
    if (word === '-fprofile-correction') return clang ? [] : ['--profile-correction'];
    if (/^-Wa,(?:.*,)?-a(?:32|64)(?:,|$)/.test(word)) return word.split(',').slice(1).flatMap(forAssembler);
    return [word];
  });
}

const forAssembler = (word: string): string[] => ['-Xassembler', word];
