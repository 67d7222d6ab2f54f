/**
 * Options that mean nothing to a compile of preprocessed text, because they are for the preprocessor or the linker. Clients of distcc 3.4
 * send some of them. A server leaves them out, so that what they name is never opened, and their value can be anything.
 */
export const needlessWords: ReadonlySet<string> = new Set([
  '-C',
  '-CC',
  '-H',
  '-I-',
  '-MD',
  '-MG',
  '-MMD',
  '-MP',
  '-P',
  '-fpreprocessed',
  '-fuse-linker-plugin',
  '-nostdinc',
  '-nostdinc++',
  '-nostdlibinc',
  '-remap',
  '-traditional-cpp',
  '-undef',
]);

/** Such options with their value in the next word. */
export const needlessPairs: ReadonlySet<string> = new Set([
  '--sysroot',
  '-A',
  '-D',
  '-F',
  '-I',
  '-L',
  '-MF',
  '-MQ',
  '-MT',
  '-T',
  '-U',
  '-c-isystem',
  '-cxx-isystem',
  '-e',
  '-framework',
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
  '-isystem-after',
  '-iwithprefix',
  '-iwithprefixbefore',
  '-iwithsysroot',
  '-l',
  '-resource-dir',
  '-stdlib++-isystem',
  '-u',
  '-z',
]);

/** Beginnings of such options with their value in the same word; capital letters begin no other option of a compile. */
const needlessStarts: readonly string[] = [
  '--sysroot=',
  '-A',
  '-D',
  '-F',
  '-I',
  '-L',
  '-MF',
  '-MQ',
  '-MT',
  '-T',
  '-U',
  '-cxx-isystem',
  '-fuse-ld=',
  '-idirafter',
  '-iframework',
  '-imacros',
  '-include',
  '-iprefix',
  '-iquote',
  '-isysroot',
  '-isystem',
  '-iwithprefix',
  '-iwithsysroot',
  '-l',
  '-resource-dir=',
  '-stdlib++-isystem',
];

/** Beginnings that would be met by `needlessStarts` and name what is more than an include. */
const otherStarts: readonly string[] = ['-include-pch'];

/** How many words, from the one at this position on, a server leaves out; 0 when it needs the word. `word` is in canonical form. */
export function needlessWordsAt(command: readonly string[], at: number, word: string): number {
  if (needlessWords.has(word) || /^-d[DIMNU]+$/.test(word)) return 1;
  if (needlessPairs.has(word)) return at + 1 < command.length ? 2 : 0;
  if (otherStarts.some((start) => word.startsWith(start))) return 0;
  return needlessStarts.some((start) => word.startsWith(start)) ? 1 : 0;
}
