/**
 * Options that are left out together with the next word, since the local preprocessor has used both
 * (doc/distcc-behaviour.md, "Which words go where").
 */
const removedWithValue: ReadonlySet<string> = new Set([
  '-D',
  '-I',
  '-L',
  '-MF',
  '-MQ',
  '-MT',
  '-U',
  '-Xpreprocessor',
  // distcc 3.x removes only one of these two words, and so sends a stray word.
  '-cxx-isystem',
  '-idirafter',
  '-imacros',
  '-include',
  '-include-pch',
  '-iprefix',
  '-isystem',
  '-isystem-after',
  '-iwithprefix',
  '-iwithprefixbefore',
  '-l',
  '-stdlib++-isystem',
]);

/** Options that are left out alone. */
const removedWords: ReadonlySet<string> = new Set(['-MD', '-MG', '-MMD', '-MP', '-nostdinc', '-nostdinc++', '-undef']);

/** Beginnings of words that are left out alone. `-l*` and `-L*` are for the linker and mean nothing to a compile. */
const removedStarts: readonly string[] = [
  '-D',
  '-I',
  '-L',
  '-MF',
  '-MQ',
  '-MT',
  '-U',
  '-Wl,',
  '-Wp,',
  '-isystem',
  '-l',
  '-stdlib',
];

/** Options for clang's front end that name headers; the name follows after a second `-Xclang`. */
const removedFrontEndOptions: ReadonlySet<string> = new Set(['-imacros', '-include', '-include-pch']);

/**
 * Options that hand the next word on to a part of the compiler, whatever it looks like: `-mllvm -limited-x` does not
 * name a library.
 */
const handsOnNext: ReadonlySet<string> = new Set(['--for-assembler', '--param', '-Xassembler', '-Xclang', '-mllvm']);

/** How many words from this position on only the preprocessor needs. */
function preprocessorWordsAt(words: readonly string[], at: number): number {
  const word = words[at] ?? '';
  if (removedWithValue.has(word)) return 2;
  if (removedWords.has(word) || removedStarts.some((start) => word.startsWith(start))) return 1;
  const header = word === '-Xclang' && removedFrontEndOptions.has(words[at + 1] ?? '');
  return header && words[at + 2] === '-Xclang' ? 4 : 0;
}

/** The positions of the words that a compile of preprocessed text still needs, the compiler's name included. */
export function positionsForCompiling(words: readonly string[]): number[] {
  const kept: number[] = [];
  let at = 0;
  while (at < words.length) {
    const removed = at === 0 ? 0 : preprocessorWordsAt(words, at);
    if (removed === 0) kept.push(at);
    if (removed === 0 && at > 0 && at + 1 < words.length && handsOnNext.has(words[at] ?? '')) {
      kept.push(at + 1);
      at += 1;
    }
    at += Math.max(removed, 1);
  }
  return kept;
}

/**
 * Words that change the preprocessor's output and that a compile with `-c` would ignore; with `-dM` no text would be
 * left to compile.
 */
const textOnlyWords: ReadonlySet<string> = new Set([
  '--comments',
  '--comments-in-macros',
  '--no-line-commands',
  '-C',
  '-CC',
  '-P',
  // With -g, gcc writes the working directory into the text; without it the object would hold the server's directory.
  '-fno-working-directory',
  '-fuse-line-directives',
]);

/** Whether a word must be kept from the local preprocessor, because a compile with `-c` would have ignored it. */
export function onlyShapesText(word: string): boolean {
  return textOnlyWords.has(word) || /^-d[DIMNU]+$/.test(word);
}
