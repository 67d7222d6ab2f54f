import { isClang } from '../names/compiler-family.ts';

/** Whether a word is what `-mllvm WORD` or `-Xclang -mllvm -Xclang WORD` hands on. */
export function isForLlvm(words: readonly string[], at: number): boolean {
  const before = words[at - 1];
  if (before === '-mllvm') return words[at] !== '-Xclang';
  return before === '-Xclang' && words[at - 2] === '-mllvm' && words[at - 3] === '-Xclang';
}

const forAssembler = (word: string): string[] => ['-Xassembler', word];

/**
 * The same options, spelled differently where a server of distcc 3.x would misread one. It looks at each word by
 * itself, and takes `-Wa,-a64` for a listing, `-fprofile-correction` for a profile, and the word after `-mllvm` for an
 * output or a language.
 */
export function spelledForStock(words: readonly string[]): string[] {
  const clang = isClang(words[0] ?? '');
  return words.flatMap((word, at) => {
    if (isForLlvm(words, at)) return [/^-[ox]./.test(word) ? `-${word}` : word];
    if (word === '-fprofile-correction') return clang ? [] : ['--profile-correction'];
    if (/^-Wa,(?:.*,)?-a(?:32|64)(?:,|$)/.test(word)) return word.split(',').slice(1).flatMap(forAssembler);
    return [word];
  });
}
