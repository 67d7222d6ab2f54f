/** Options of gcc and clang whose value is the next word; a command that ends with one of them lacks its value. */
const takesNextWord: ReadonlySet<string> = new Set([
  '--include',
  '--output',
  '--param',
  '-A',
  '-B',
  '-D',
  '-F',
  '-I',
  '-L',
  '-MF',
  '-MQ',
  '-MT',
  '-T',
  '-U',
  '-Xassembler',
  '-Xclang',
  '-Xlinker',
  '-Xpreprocessor',
  '-arch',
  '-aux-info',
  '-idirafter',
  '-iframework',
  '-imacros',
  '-imultiarch',
  '-imultilib',
  '-include',
  '-iprefix',
  '-iquote',
  '-isysroot',
  '-isystem',
  '-iwithprefix',
  '-iwithprefixbefore',
  '-l',
  '-mllvm',
  '-o',
  '-target',
  '-u',
  '-x',
  '-z',
]);

/** The last word when it is an option that waits for its value: a word put behind it would become that value. */
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
