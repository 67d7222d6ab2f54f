/**
 * Options that mean nothing to a compile of preprocessed text, because they are for the preprocessor or the linker.
 * Clients of distcc 3.4 send some of them. A server leaves them out, so that what they name is never opened, and their
 * value can be anything.
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

/**
 * Such options with a value in the same word or in the next one. No other option of a compile begins with these capital
 * letters.
 */
const eitherWay: readonly string[] = [
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
  '-stdlib++-isystem',
];

const inNextWord: readonly string[] = [
  '--sysroot',
  '-c-isystem',
  '-e',
  '-framework',
  '-imultiarch',
  '-imultilib',
  '-isystem-after',
  '-iwithprefixbefore',
  '-resource-dir',
  '-u',
  '-z',
];

/** Needless options that may have their value in the next word. */
export const needlessPairs: ReadonlySet<string> = new Set([...eitherWay, ...inNextWord].sort());

/** Beginnings of needless options that may have their value in the same word. */
const needlessStarts: readonly string[] = [...eitherWay, '--sysroot=', '-fuse-ld=', '-resource-dir='];

/** Exceptions to `needlessStarts`: these name more than an include. */
const otherStarts: readonly string[] = ['-include-pch'];

/** How many words a server leaves out from this position on; 0 when it needs the word. `word` is in canonical form. */
export function needlessWordsAt(command: readonly string[], at: number, word: string): number {
  if (needlessWords.has(word) || /^-d[DIMNU]+$/.test(word)) return 1;
  if (needlessPairs.has(word)) return at + 1 < command.length ? 2 : 0;
  if (otherStarts.some((start) => word.startsWith(start))) return 0;
  return needlessStarts.some((start) => word.startsWith(start)) ? 1 : 0;
}
