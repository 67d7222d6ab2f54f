import { OptionTable } from './option-table.ts';
import type { OptionRule } from './option-table.ts';

const elsewhere = 'makes the compiler write a file elsewhere';
const headers = 'names a header, but a server gets preprocessed text';
const loadsCode = 'loads code into the compiler';
const readsFiles = 'makes the compiler read other files of the server';
const rewrites = 'lets the compiler rewrite files';

/** Words for the assembler, behind `-Wa,` and `-Xassembler`, sorted. */
const assembler = new OptionTable<OptionRule>([
  // GNU as takes long options cut short, and with one dash: --M and -MD both mean --MD.
  { option: '--M', form: 'start', because: elsewhere },
  { option: '--a', form: 'start', only: (rest) => rest.startsWith('=') || /^[^l].*=/.test(rest), because: elsewhere },
  { option: '--itbl', form: 'start', because: readsFiles },
  { option: '-I', form: 'start', because: readsFiles },
  { option: '-MD', form: 'start', because: elsewhere },
  { option: '-a', form: 'start', only: (rest) => rest.includes('='), because: elsewhere },
  { option: '-itbl', form: 'start', because: readsFiles },
  { option: '-o', form: 'start', because: elsewhere },
  // Another file to assemble; OLD=NEW is what --debug-prefix-map takes.
  { option: '/', form: 'start', only: (path) => !path.includes('='), because: readsFiles },
  { option: '@', form: 'start', because: readsFiles },
]);

/** Words for clang's front end, behind `-Xclang`, sorted; what clang itself takes too is in the main table. */
const frontEnd = new OptionTable<OptionRule>([
  { option: '-add-plugin', form: 'word', because: loadsCode },
  { option: '-analyzer-dump-egraph', form: 'start', because: elsewhere },
  { option: '-arcmt-', form: 'start', because: rewrites },
  { option: '-ast-merge', form: 'word', because: readsFiles },
  { option: '-chain-include', form: 'word', because: headers },
  { option: '-code-completion-at', form: 'start', because: readsFiles },
  { option: '-coverage-data-file', form: 'start', because: elsewhere },
  { option: '-coverage-notes-file', form: 'start', because: elsewhere },
  { option: '-diagnostic-log-file', form: 'word', because: elsewhere },
  { option: '-fixit', form: 'start', because: rewrites },
  { option: '-foverride-record-layout=', form: 'start', because: readsFiles },
  { option: '-fprofile-instrument-use-path=', form: 'start', because: readsFiles },
  { option: '-header-include-file', form: 'word', because: elsewhere },
  { option: '-imacros', form: 'word', because: headers },
  { option: '-include', form: 'word', because: headers },
  { option: '-include-pch', form: 'word', because: headers },
  { option: '-load', form: 'word', because: loadsCode },
  { option: '-mlink-bitcode-file', form: 'word', because: loadsCode },
  { option: '-mlink-builtin-bitcode', form: 'word', because: loadsCode },
  { option: '-mt-migrate-directory', form: 'word', because: rewrites },
  { option: '-o', form: 'word', because: elsewhere },
  { option: '-opt-record-file', form: 'word', because: elsewhere },
  { option: '-plugin', form: 'start', because: loadsCode },
  { option: '-remap-file', form: 'word', because: readsFiles },
  { option: '-rewrite-', form: 'start', because: rewrites },
  { option: '-serialize-diagnostic-file', form: 'word', because: elsewhere },
  { option: '-split-dwarf-output', form: 'word', because: elsewhere },
  { option: '-stack-usage-file', form: 'word', because: elsewhere },
  { option: '-stats-file=', form: 'start', because: elsewhere },
]);

/** Parts of the names of LLVM's own options (behind `-mllvm`) that tell what an option does: there are a thousand, and each version has others. */
const llvmParts: ReadonlyMap<string, string> = new Map([
  ['dir', elsewhere],
  ['directory', elsewhere],
  ['dot', elsewhere],
  ['file', 'makes the compiler read or write other files'],
  ['filename', 'makes the compiler read or write other files'],
  ['output', elsewhere],
  ['path', 'makes the compiler start other programs or use other files'],
  ['plugin', loadsCode],
  ['view', 'makes the compiler start a viewer'],
]);

function refusedLlvmWord(word: string): string | undefined {
  const [name = '', value = ''] = word.replace(/^--?/, '').split('=', 2);
  if (name === 'load') return loadsCode;
  if (word.startsWith('/') || value.includes('/')) return readsFiles;
  const part = name.split('-').find((one) => llvmParts.has(one));
  return part === undefined ? undefined : llvmParts.get(part);
}

/** The parts of a compiler that words are handed on to; the preprocessor and the linker are none of them, nothing for them is accepted. */
type Part = 'assembler' | 'front end' | 'llvm';

const tables = { assembler, 'front end': frontEnd } as const;

/** Options that hand the next word on. */
const handsOnNext: ReadonlyMap<string, Part> = new Map([
  ['--for-assembler', 'assembler'],
  ['-Xassembler', 'assembler'],
  ['-Xclang', 'front end'],
  ['-mllvm', 'llvm'],
]);

/** Beginnings of words that hand on what follows in the same word, several words with commas between them. */
const handsOnRest: ReadonlyArray<readonly [string, Part]> = [
  ['--for-assembler=', 'assembler'],
  ['-Wa,', 'assembler'],
  ['-mllvm=', 'llvm'],
];

interface HandedOn {
  readonly part: Part;
  readonly word: string;
  /** What the user wrote. */
  readonly text: string;
}

function handedOnBy(words: readonly string[], at: number): HandedOn[] {
  const word = words[at] ?? '';
  const next = handsOnNext.get(word);
  if (next !== undefined) return [{ part: next, word: words[at + 1] ?? '', text: `${word} ${words[at + 1] ?? ''}` }];
  const rest = handsOnRest.find(([start]) => word.startsWith(start));
  if (rest === undefined) return [];
  const [start, part] = rest;
  const handed = start.endsWith(',') ? word.slice(start.length).split(',') : [word.slice(start.length)];
  return handed.map((one) => ({ part, word: one, text: start + one }));
}

/** All words of a command that are handed on; one behind `-Xclang -mllvm` goes to LLVM. */
function handedOn(words: readonly string[]): HandedOn[] {
  const all = words.flatMap((_, at) => handedOnBy(words, at));
  const frontEndWords = all.filter(({ part }) => part === 'front end');
  return all.map((one) => {
    const before = frontEndWords[frontEndWords.indexOf(one) - 1];
    return before?.word === '-mllvm' ? { ...one, part: 'llvm' } : one;
  });
}

/** The first word for the assembler, clang's front end or LLVM that a server refuses, and why. */
export function refusedForward(words: readonly string[]): { option: string; because: string } | undefined {
  for (const { part, word, text } of handedOn(words)) {
    const because = part === 'llvm' ? refusedLlvmWord(word) : tables[part].find([word], 0)?.rule.because;
    if (because !== undefined) return { option: text, because };
  }
  return undefined;
}

/** The tables of this file, for the test that keeps them sorted. */
export const forwardTables: readonly OptionTable<OptionRule>[] = [assembler, frontEnd];
