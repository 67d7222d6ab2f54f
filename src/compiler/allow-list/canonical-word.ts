/** A part of a compiler: the driver, which reads most words, or one that the driver hands words on to. */
export type Part = 'driver' | 'assembler' | 'front end' | 'llvm';

/** One option, read as the drivers of gcc and clang read it. */
export interface SpokenOption {
  readonly part: Part;
  /** The words for that part, in canonical form: one word, or for the assembler all words between commas. */
  readonly words: readonly string[];
  /** How many words of the command the option covers. */
  readonly length: number;
}

/** Options that hand the next word on. */
const handsOnNext: ReadonlyMap<string, Part> = new Map([
  ['--for-assembler', 'assembler'],
  ['-Xassembler', 'assembler'],
  ['-Xclang', 'front end'],
  ['-mllvm', 'llvm'],
]);

/** Beginnings of words that hand on the rest of the same word. */
const handsOnRest: ReadonlyArray<readonly [string, Part]> = [
  ['--for-assembler=', 'assembler'],
  ['-Wa,', 'assembler'],
  ['-Xclang=', 'front end'],
  ['-mllvm=', 'llvm'],
];

/** What stands in front of a word for a part, to write it as one word of a command. */
export const handedOnAs: Readonly<Record<Part, string>> = {
  driver: '',
  assembler: '-Wa,',
  'front end': '-Xclang=',
  llvm: '-mllvm=',
};

/** Options of the driver that may have their value in the next word, and the form with the value in the same word. */
const takesNextWord: ReadonlyMap<string, string> = new Map([
  ['--param', '--param='],
  ['--std', '-std='],
  ['-G', '-G'],
  ['-fdebug-compilation-dir', '-fdebug-compilation-dir='],
  ['-target', '--target='],
  ['-x', '-x'],
]);

/** Long words that have no short form, for clang or for both compilers: they are looked up unchanged. */
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

/** Long words of gcc and their short forms. */
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

/** Beginnings of long words and what gcc replaces them by; the last entry matches every long word. */
const longBeginnings: ReadonlyArray<readonly [string, string]> = [
  ['--machine-', '-m'],
  ['--machine=', '-m'],
  ['--warn-', '-W'],
  ['--', '-f'],
];

/**
 * The short form that gcc's driver gives a word: `--NAME` is `-fNAME`, `--warn-NAME` is `-WNAME`, and a few have
 * special names.
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

/** Reads the option at a position. An option that lacks its value stays without one, and no table permits it then. */
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
  // A next word that looks like an option is not taken as a value: a compiler that does not know the first word would
  // obey the second.
  if (joined !== undefined && next !== undefined && !next.startsWith('-'))
    return { part: 'driver', words: [joined + next], length: 2 };
  return { part: 'driver', words: [canonicalWord(word)], length: 1 };
}
