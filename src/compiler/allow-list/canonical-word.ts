/** A part of a compiler that words are handed on to, and the driver, which reads all the others. */
export type Part = 'driver' | 'assembler' | 'front end' | 'llvm';

/** One option as the drivers of gcc and clang read it. */
export interface SpokenOption {
  readonly part: Part;
  /** The words for that part, in canonical form: one, or for the assembler those between commas. */
  readonly words: readonly string[];
  /** How many words of the command it takes. */
  readonly length: number;
}

/** Options that hand the next word on. */
const handsOnNext: ReadonlyMap<string, Part> = new Map([
  ['--for-assembler', 'assembler'],
  ['-Xassembler', 'assembler'],
  ['-Xclang', 'front end'],
  ['-mllvm', 'llvm'],
]);

/** Beginnings of words that hand on what follows in the same word. */
const handsOnRest: ReadonlyArray<readonly [string, Part]> = [
  ['--for-assembler=', 'assembler'],
  ['-Wa,', 'assembler'],
  ['-Xclang=', 'front end'],
  ['-mllvm=', 'llvm'],
];

/** How a word for a part is written as one word of a command. */
export const handedOnAs: Readonly<Record<Part, string>> = {
  driver: '',
  assembler: '-Wa,',
  'front end': '-Xclang=',
  llvm: '-mllvm=',
};

/** Options of the driver that permit their value in the next word, and what both are in one word. */
const takesNextWord: ReadonlyMap<string, string> = new Map([
  ['--param', '--param='],
  ['--std', '-std='],
  ['-G', '-G'],
  ['-fdebug-compilation-dir', '-fdebug-compilation-dir='],
  ['-target', '--target='],
  ['-x', '-x'],
]);

/** Long words that mean themselves, to clang or to both: they are looked up as they are. */
const ownLongWords: ReadonlySet<string> = new Set([
  '--coverage',
  '--driver-mode',
  '--end-no-unused-arguments',
  '--help',
  '--no-default-config',
  '--param',
  '--rtlib',
  '--start-no-unused-arguments',
  '--sysroot',
  '--target',
  '--target-help',
  '--unwindlib',
  '--version',
]);

/** Long words of gcc for which its table has another short one. */
const longWords: ReadonlyMap<string, string> = new Map([
  ['--all-warnings', '-Wall'],
  ['--ansi', '-ansi'],
  ['--assert', '-A'],
  ['--comments', '-C'],
  ['--comments-in-macros', '-CC'],
  ['--debug', '-g'],
  ['--define-macro', '-D'],
  ['--entry', '-e'],
  ['--extra-warnings', '-W'],
  ['--force-link', '-u'],
  ['--imacros', '-imacros'],
  ['--include', '-include'],
  ['--include-directory', '-I'],
  ['--include-directory-after', '-idirafter'],
  ['--library-directory', '-L'],
  ['--no-integrated-cpp', '-no-integrated-cpp'],
  ['--no-line-commands', '-P'],
  ['--no-standard-includes', '-nostdinc'],
  ['--no-standard-libraries', '-nostdlib'],
  ['--no-warnings', '-w'],
  ['--optimize', '-O'],
  ['--pedantic', '-pedantic'],
  ['--pedantic-errors', '-pedantic-errors'],
  ['--pie', '-pie'],
  ['--pipe', '-pipe'],
  ['--profile', '-p'],
  ['--shared', '-shared'],
  ['--static', '-static'],
  ['--static-pie', '-static-pie'],
  ['--std', '-std='],
  ['--stdlib', '-stdlib='],
  ['--symbolic', '-symbolic'],
  ['--trace-includes', '-H'],
  ['--traditional', '-traditional'],
  ['--traditional-cpp', '-traditional-cpp'],
  ['--trigraphs', '-trigraphs'],
  ['--undefine-macro', '-U'],
  ['--verbose', '-v'],
]);

/** Beginnings of long words and what gcc puts in their place; the last one meets every long word. */
const longBeginnings: ReadonlyArray<readonly [string, string]> = [
  ['--machine-', '-m'],
  ['--machine=', '-m'],
  ['--warn-', '-W'],
  ['--', '-f'],
];

/**
 * A word in the short form that gcc's driver gives it: `--NAME` is `-fNAME`, `--warn-NAME` is `-WNAME`, and a few have
 * names of their own.
 */
function canonicalWord(word: string): string {
  if (!word.startsWith('--')) return word;
  const sign = word.indexOf('=');
  const name = sign === -1 ? word : word.slice(0, sign);
  if (ownLongWords.has(name)) return word;
  const short = longWords.get(name);
  if (short !== undefined) return sign === -1 ? short : short + word.slice(sign + 1);
  const [beginning, replacement] = longBeginnings.find(([start]) => word.startsWith(start)) ?? ['', ''];
  return replacement + word.slice(beginning.length);
}

/**
 * Reads the option at a position; a value that the command lacks leaves the option alone, which no table then knows.
 */
export function readOption(command: readonly string[], at: number): SpokenOption {
  const word = command[at] ?? '';
  const next = command[at + 1];
  const part = handsOnNext.get(word);
  if (part !== undefined && next !== undefined) return { part, words: [next], length: 2 };
  const rest = handsOnRest.find(([start]) => word.startsWith(start));
  if (rest !== undefined) {
    const [start, to] = rest;
    const handed = word.slice(start.length);
    return { part: to, words: start === '-Wa,' ? handed.split(',') : [handed], length: 1 };
  }
  const joined = takesNextWord.get(word);
  // A value that looks like an option is none: a compiler that does not know the first word would obey the second.
  if (joined !== undefined && next !== undefined && !next.startsWith('-'))
    return { part: 'driver', words: [joined + next], length: 2 };
  return { part: 'driver', words: [canonicalWord(word)], length: 1 };
}
