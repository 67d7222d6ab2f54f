import { isClang } from './compiler-family.ts';
import { OptionTable } from './option-table.ts';
import type { Match, OptionRule } from './option-table.ts';

/** Who asks: the client, or a server that repeats the client's check; a server must take all that distcc 3.4 clients send. */
export type Side = 'client' | 'server';

/** An option that keeps a compile on this machine. */
export interface LocalRule extends OptionRule {
  /** The client alone minds: distcc 3.4 sends such a command, and loses a file or gets another object for it. */
  readonly clientOnly?: true;
  /** Only clang makes another object for it. */
  readonly clangOnly?: true;
  /** The command only preprocesses, so it takes a preprocessor's slot. */
  readonly preprocessOnly?: true;
}

const besideObject = 'writes a file beside the object, and a server sends only the object back';
const instruments = 'ties the object to profiling data on this machine';
const listing = 'makes the assembler write a file, and a server sends only the object back';
const modules = 'needs the modules of this machine';
const nativeProcessor = 'means another processor on another machine';
const onlyWithE = 'is an error of the compile that preprocessing would hide';
const otherProduct = 'asks for something else than an object';
const prints = 'prints something instead of compiling';
const preprocesses = 'runs only the preprocessor';
const recordsCommand = 'records the command line in the object';

/** Sorted by option; the first thirteen rules of the client-arguments reference, section 4, and what was seen to go wrong remotely. */
export const localOptions: OptionTable<LocalRule> = new OptionTable<LocalRule>([
  { option: '-###', form: 'word', because: 'prints the commands instead of running them', clientOnly: true },
  { option: '--', form: 'word', because: 'ends the options, and distcc has to add some behind it', clientOnly: true },
  { option: '--analyze', form: 'start', because: otherProduct, clientOnly: true },
  { option: '--coverage', form: 'word', because: instruments },
  { option: '--dependencies', form: 'word', because: preprocesses, clientOnly: true, preprocessOnly: true },
  {
    option: '--dump',
    form: 'word',
    because: 'is a long form of "-d" that is not distributed',
    clientOnly: true,
  },
  { option: '--dump=', form: 'start', because: 'is a long form of "-d" that is not distributed', clientOnly: true },
  { option: '--emit-static-lib', form: 'word', because: otherProduct, clientOnly: true },
  { option: '--help', form: 'start', because: prints, clientOnly: true },
  {
    option: '--language',
    form: 'start',
    because: 'names the language in a long form: write "-x" and the language to have it distributed',
    clientOnly: true,
  },
  { option: '--precompile', form: 'word', because: otherProduct, clientOnly: true },
  { option: '--preprocess', form: 'word', because: preprocesses, clientOnly: true, preprocessOnly: true },
  { option: '--print-', form: 'start', because: prints, clientOnly: true },
  { option: '--save-temps', form: 'start', because: besideObject, clientOnly: true },
  { option: '--syntax-only', form: 'word', because: 'makes no object', clientOnly: true },
  { option: '--target-help', form: 'word', because: prints, clientOnly: true },
  { option: '--user-dependencies', form: 'word', because: preprocesses, clientOnly: true, preprocessOnly: true },
  { option: '--version', form: 'word', because: prints, clientOnly: true },
  {
    option: '--write-',
    form: 'start',
    because: 'asks for dependencies in a long form: write "-MD" or "-MMD" to have it distributed',
    clientOnly: true,
  },
  { option: '-C', form: 'word', because: onlyWithE, clientOnly: true, clangOnly: true },
  { option: '-CC', form: 'word', because: onlyWithE, clientOnly: true, clangOnly: true },
  { option: '-E', form: 'word', because: preprocesses, preprocessOnly: true },
  { option: '-M', form: 'word', because: preprocesses, preprocessOnly: true },
  // Also unknown ways to ask for dependencies (-ME, -MV); the scanner has dealt with -MD, -MF and their like.
  {
    option: '-M',
    form: 'start',
    only: (rest) => !rest.startsWith('J') && rest !== 'M',
    because: 'asks for dependencies in a way that is not distributed',
  },
  { option: '-MJ', form: 'start', because: 'adds to a compilation database on this machine' },
  { option: '-MM', form: 'word', because: preprocesses, preprocessOnly: true },
  {
    option: '-Wa,',
    form: 'start',
    only: (words) => /,(?:-a|--a=)/.test(`,${words}`) || words.includes('--MD'),
    because: listing,
  },
  {
    option: '-Xarch_',
    form: 'start',
    because: 'means one of several processors to compile for',
    clientOnly: true,
  },
  { option: '-dr', form: 'start', because: 'writes a dump of the compiler beside the object' },
  { option: '-dumpfullversion', form: 'word', because: prints, clientOnly: true },
  { option: '-dumpmachine', form: 'word', because: prints, clientOnly: true },
  { option: '-dumpspecs', form: 'word', because: prints, clientOnly: true },
  { option: '-dumpversion', form: 'word', because: prints, clientOnly: true },
  { option: '-emit-ast', form: 'word', because: otherProduct, clientOnly: true },
  { option: '-emit-interface-stubs', form: 'word', because: otherProduct, clientOnly: true },
  { option: '-emit-merged-ifs', form: 'word', because: otherProduct, clientOnly: true },
  { option: '-extract-api', form: 'word', because: otherProduct, clientOnly: true },
  { option: '-fauto-profile', form: 'start', because: instruments },
  { option: '-fbranch-probabilities', form: 'word', because: instruments, clientOnly: true },
  { option: '-fbuild-session-', form: 'start', because: modules, clientOnly: true },
  { option: '-fbuiltin-module-map', form: 'word', because: modules, clientOnly: true },
  { option: '-fcallgraph-info', form: 'start', because: besideObject, clientOnly: true },
  { option: '-fcoverage-mapping', form: 'word', because: instruments, clientOnly: true },
  { option: '-fcs-profile-', form: 'start', because: instruments, clientOnly: true },
  { option: '-fcxx-modules', form: 'word', because: modules, clientOnly: true },
  { option: '-fdebug-cpp', form: 'word', because: 'puts other things into the preprocessed text', clientOnly: true },
  {
    option: '-fdebug-macro',
    form: 'word',
    because: 'records macros, and preprocessed text has none',
    clientOnly: true,
    clangOnly: true,
  },
  {
    option: '-fdiagnostics-format=',
    form: 'start',
    only: (format) => format.endsWith('-file'),
    because: besideObject,
    clientOnly: true,
  },
  { option: '-fdump-', form: 'start', because: besideObject, clientOnly: true },
  { option: '-fembed-bitcode', form: 'start', because: recordsCommand, clientOnly: true },
  { option: '-fimplicit-module', form: 'start', because: modules, clientOnly: true },
  {
    option: '-finput-charset=',
    form: 'start',
    // The preprocessor's text is UTF-8 whatever the source was, and would be converted a second time.
    only: (charset) => !/^utf-?8$/i.test(charset),
    because: 'means the source, but preprocessed text is always UTF-8',
    clientOnly: true,
  },
  { option: '-fminimize-whitespace', form: 'word', because: onlyWithE, clientOnly: true, clangOnly: true },
  { option: '-fmodule', form: 'start', because: modules, clientOnly: true },
  { option: '-fno-preprocessed', form: 'word', because: 'has preprocessed text preprocessed again', clientOnly: true },
  { option: '-fopt-info', form: 'start', only: (rest) => rest.includes('='), because: besideObject, clientOnly: true },
  { option: '-foptimization-record-file=', form: 'start', because: besideObject, clientOnly: true },
  {
    option: '-fpch-preprocess',
    form: 'word',
    because: 'leaves precompiled headers to a compiler on this machine',
    clientOnly: true,
  },
  { option: '-fprebuilt-', form: 'start', because: modules, clientOnly: true },
  {
    option: '-fproc-stat-report',
    form: 'start',
    because: 'puts a report into the preprocessed text',
    clientOnly: true,
  },
  { option: '-fprofile-arcs', form: 'word', because: instruments },
  { option: '-fprofile-correction', form: 'word', because: instruments },
  { option: '-fprofile-generate', form: 'start', because: instruments },
  { option: '-fprofile-instr-', form: 'start', because: instruments, clientOnly: true },
  { option: '-fprofile-sample-use', form: 'start', because: instruments, clientOnly: true },
  { option: '-fprofile-use', form: 'start', because: instruments },
  { option: '-frecord-command-line', form: 'word', because: recordsCommand, clientOnly: true },
  { option: '-frecord-gcc-switches', form: 'word', because: recordsCommand, clientOnly: true, clangOnly: true },
  { option: '-frepo', form: 'word', because: 'writes a template repository beside the object' },
  { option: '-frewrite-', form: 'start', because: 'leaves includes in the preprocessed text', clientOnly: true },
  { option: '-fsave-optimization-record', form: 'start', because: besideObject, clientOnly: true },
  { option: '-fstack-usage', form: 'word', because: besideObject, clientOnly: true },
  { option: '-fsyntax-only', form: 'word', because: 'makes no object', clientOnly: true },
  { option: '-ftest-coverage', form: 'word', because: instruments },
  { option: '-ftime-trace', form: 'start', because: besideObject, clientOnly: true },
  { option: '-gembed-source', form: 'word', because: 'puts the source into the object', clientOnly: true },
  { option: '-gmodules', form: 'word', because: modules, clientOnly: true },
  { option: '-grecord-command-line', form: 'word', because: recordsCommand, clientOnly: true },
  { option: '-grecord-gcc-switches', form: 'word', because: recordsCommand, clientOnly: true, clangOnly: true },
  { option: '-gsplit-dwarf', form: 'start', because: besideObject, clientOnly: true },
  { option: '-march=native', form: 'word', because: nativeProcessor },
  { option: '-march=native+', form: 'start', because: nativeProcessor, clientOnly: true },
  { option: '-mcpu=native', form: 'start', because: nativeProcessor, clientOnly: true },
  { option: '-module-file-info', form: 'word', because: prints, clientOnly: true },
  { option: '-mtune=native', form: 'word', because: nativeProcessor },
  { option: '-print-', form: 'start', because: prints, clientOnly: true },
  { option: '-rewrite-', form: 'start', because: otherProduct, clientOnly: true },
  { option: '-save-stats', form: 'start', because: besideObject, clientOnly: true },
  { option: '-save-temps', form: 'start', because: besideObject, clientOnly: true },
  { option: '-verify-pch', form: 'word', because: otherProduct, clientOnly: true },
  {
    option: '-working-directory',
    form: 'start',
    because: 'moves the compiler to a directory of this machine',
    clientOnly: true,
  },
]);

/** The entry of the table that keeps a command local because of the word at a position. */
export function findLocalOption(words: readonly string[], at: number, side: Side): Match<LocalRule> | undefined {
  return localOptions.find(words, at, (rule) => {
    if (rule.clientOnly === true && side === 'server') return false;
    return rule.clangOnly !== true || isClang(words[0] ?? '');
  });
}

/** Options for the preprocessor that gcc writes down in an object, which a compile of preprocessed text does not. */
const recordedByGcc = /^-(?:A|CC?$|H$|P$|remap$|undef$)/;

/** The option of a command for gcc that an object with debug information or a record of the options would lack if made remotely. */
export function findRecordedOption(words: readonly string[]): string | undefined {
  const records = words.some((word) => (word.startsWith('-g') && word !== '-g0') || word === '-frecord-gcc-switches');
  return records && !isClang(words[0] ?? '') ? words.find((word) => recordedByGcc.test(word)) : undefined;
}
