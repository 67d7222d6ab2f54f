import { isClang } from '../names/compiler-family.ts';
import { localReasons as why } from './local-reasons.ts';
import { shortOption } from './long-options.ts';
import { OptionTable } from './option-table.ts';
import type { Match, OptionRule } from './option-table.ts';
import type { Reason } from '../verdict.ts';

/**
 * Who asks: the client, or a server that repeats the client's check. A server must accept everything that distcc 3.4
 * clients send.
 */
export type Side = 'client' | 'server';

/** An option that keeps a compile on this machine. */
export interface LocalRule extends OptionRule, Reason {
  /** Only the client applies it: distcc 3.4 sends such a command, and loses a file or gets a different object. */
  readonly clientOnly?: true;
  /** Only with clang would the object differ. */
  readonly clangOnly?: true;
  /** Only gcc knows it; for clang the word is harmless. */
  readonly gccOnly?: true;
  /** The command only preprocesses, so it needs a preprocessor's slot. */
  readonly preprocessOnly?: true;
}

/**
 * Whether a word makes the assembler write a listing or a dependency file. `-a32` and `-a64` do not: they are the word
 * size on POWER.
 */
function makesListing(word: string): boolean {
  return (word.startsWith('-a') && word !== '-a32' && word !== '-a64') || /^--(?:a=|MD)/.test(word);
}

/**
 * Sorted by option; rules 1 to 11 of distcc (doc/distcc-behaviour.md, "The scanner"), and what was seen to go wrong
 * remotely.
 */
export const localOptions: OptionTable<LocalRule> = new OptionTable<LocalRule>([
  { option: '-###', form: 'word', ...why.printsCommands, clientOnly: true },
  { option: '--', form: 'word', ...why.endsOptions, clientOnly: true },
  { option: '--analyze', form: 'start', ...why.otherProduct, clientOnly: true },
  { option: '--coverage', form: 'word', ...why.instruments },
  { option: '--dependencies', form: 'word', ...why.preprocesses, clientOnly: true, preprocessOnly: true },
  { option: '--dump', form: 'word', ...why.longDump, clientOnly: true },
  { option: '--dump=', form: 'start', ...why.longDump, clientOnly: true },
  { option: '--emit-static-lib', form: 'word', ...why.otherProduct, clientOnly: true },
  { option: '--for-assembler', form: 'value', only: makesListing, ...why.listing, clientOnly: true },
  { option: '--help', form: 'start', ...why.prints, clientOnly: true },
  { option: '--language', form: 'start', ...why.longLanguage, clientOnly: true },
  { option: '--precompile', form: 'word', ...why.otherProduct, clientOnly: true },
  { option: '--preprocess', form: 'word', ...why.preprocesses, clientOnly: true, preprocessOnly: true },
  { option: '--print-', form: 'start', ...why.prints, clientOnly: true },
  { option: '--save-temps', form: 'start', ...why.intermediate, clientOnly: true },
  { option: '--serialize-diagnostics', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '--syntax-only', form: 'word', ...why.noObject, clientOnly: true },
  { option: '--target-help', form: 'word', ...why.prints, clientOnly: true },
  { option: '--user-dependencies', form: 'word', ...why.preprocesses, clientOnly: true, preprocessOnly: true },
  { option: '--version', form: 'word', ...why.prints, clientOnly: true },
  { option: '--write-', form: 'start', ...why.longDependencies, clientOnly: true },
  { option: '-C', form: 'word', ...why.onlyWithE, clientOnly: true, clangOnly: true },
  { option: '-CC', form: 'word', ...why.onlyWithE, clientOnly: true, clangOnly: true },
  { option: '-E', form: 'word', ...why.preprocesses, preprocessOnly: true },
  { option: '-H', form: 'word', ...why.listsHeaders, clientOnly: true, clangOnly: true },
  { option: '-M', form: 'word', ...why.preprocesses, preprocessOnly: true },
  // Also unknown ways to ask for dependencies (-ME, -MV); the scanner has handled -MD, -MF and their like before.
  { option: '-M', form: 'start', only: (rest) => !rest.startsWith('J') && rest !== 'M', ...why.otherDependencies },
  { option: '-MJ', form: 'start', ...why.database },
  { option: '-MM', form: 'word', ...why.preprocesses, preprocessOnly: true },
  { option: '-ObjC', form: 'start', ...why.otherLanguage, clientOnly: true, clangOnly: true },
  { option: '-Q', form: 'word', ...why.measures, clientOnly: true, gccOnly: true },
  {
    option: '-Wa,',
    form: 'start',
    only: (words) => words.split(',').some(makesListing),
    ...why.listing,
  },
  { option: '-Xarch_', form: 'start', ...why.severalProcessors, clientOnly: true },
  { option: '-Xassembler', form: 'value', only: makesListing, ...why.listing, clientOnly: true },
  { option: '-coverage', form: 'word', ...why.instruments, clientOnly: true },
  // With other letters some version of gcc writes a dump: gcc 12 warns about all of them, and accepts "a" only alone.
  {
    option: '-d',
    form: 'start',
    only: (rest) => !/^(?:[ADHIMNPUpx]*|ump(?:base(?:-ext)?|dir|fullversion|machine|specs|version))$/.test(rest),
    ...why.dump,
    clientOnly: true,
    gccOnly: true,
  },
  { option: '-dr', form: 'start', ...why.dump },
  { option: '-dumpfullversion', form: 'word', ...why.prints, clientOnly: true },
  { option: '-dumpmachine', form: 'word', ...why.prints, clientOnly: true },
  { option: '-dumpspecs', form: 'word', ...why.prints, clientOnly: true },
  { option: '-dumpversion', form: 'word', ...why.prints, clientOnly: true },
  { option: '-emit-ast', form: 'word', ...why.otherProduct, clientOnly: true },
  { option: '-emit-interface-stubs', form: 'word', ...why.otherProduct, clientOnly: true },
  { option: '-emit-merged-ifs', form: 'word', ...why.otherProduct, clientOnly: true },
  { option: '-extract-api', form: 'word', ...why.otherProduct, clientOnly: true },
  { option: '-fauto-profile', form: 'start', ...why.instruments },
  { option: '-fbranch-probabilities', form: 'word', ...why.instruments, clientOnly: true },
  { option: '-fbuild-session-', form: 'start', ...why.modules, clientOnly: true },
  { option: '-fbuiltin-module-map', form: 'word', ...why.modules, clientOnly: true },
  { option: '-fcallgraph-info', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-fcondition-coverage', form: 'word', ...why.instruments, clientOnly: true },
  { option: '-fcoverage-mapping', form: 'word', ...why.instruments, clientOnly: true },
  { option: '-fcs-profile-', form: 'start', ...why.instruments, clientOnly: true },
  { option: '-fcxx-modules', form: 'word', ...why.modules, clientOnly: true },
  { option: '-fdbg-cnt-list', form: 'word', ...why.measures, clientOnly: true },
  { option: '-fdebug-cpp', form: 'word', ...why.debugsPreprocessor, clientOnly: true },
  { option: '-fdebug-macro', form: 'word', ...why.recordsMacros, clientOnly: true, clangOnly: true },
  { option: '-fdeps-', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-fdiagnostics-add-output=', form: 'start', ...why.document, clientOnly: true },
  {
    option: '-fdiagnostics-format=',
    form: 'start',
    only: (format) => !/^(?:text|clang|msvc|msvc-fallback|vi)$/.test(format),
    ...why.document,
    clientOnly: true,
  },
  { option: '-fdiagnostics-generate-patch', form: 'word', ...why.document, clientOnly: true },
  { option: '-fdiagnostics-set-output=', form: 'start', ...why.document, clientOnly: true },
  { option: '-fdump-', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-fembed-bitcode', form: 'start', ...why.recordsCommand, clientOnly: true },
  { option: '-fimplicit-module', form: 'start', ...why.modules, clientOnly: true },
  {
    option: '-finput-charset=',
    form: 'start',
    // The preprocessor has converted the source to UTF-8 already; the compiler would convert it a second time.
    only: (charset) => !/^(?:utf-?8|(?:us-)?ascii)$/i.test(charset),
    ...why.charset,
    clientOnly: true,
  },
  { option: '-fmem-report', form: 'start', ...why.measures, clientOnly: true },
  { option: '-fminimize-whitespace', form: 'word', ...why.onlyWithE, clientOnly: true, clangOnly: true },
  { option: '-fmodule', form: 'start', ...why.modules, clientOnly: true },
  { option: '-fno-preprocessed', form: 'word', ...why.preprocessesAgain, clientOnly: true },
  { option: '-fopt-info', form: 'start', only: (rest) => rest.includes('='), ...why.besideObject, clientOnly: true },
  { option: '-foptimization-record-', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-fpath-coverage', form: 'word', ...why.instruments, clientOnly: true },
  { option: '-fpch-preprocess', form: 'word', ...why.precompiledHeaders, clientOnly: true },
  { option: '-fpost-ipa-mem-report', form: 'word', ...why.measures, clientOnly: true },
  { option: '-fpre-ipa-mem-report', form: 'word', ...why.measures, clientOnly: true },
  { option: '-fprebuilt-', form: 'start', ...why.modules, clientOnly: true },
  { option: '-fproc-stat-report', form: 'start', ...why.report, clientOnly: true },
  { option: '-fprofile-arcs', form: 'word', ...why.instruments },
  { option: '-fprofile-generate', form: 'start', ...why.instruments },
  { option: '-fprofile-instr-', form: 'start', ...why.instruments, clientOnly: true },
  { option: '-fprofile-report', form: 'word', ...why.measures, clientOnly: true },
  { option: '-fprofile-sample-use', form: 'start', ...why.instruments, clientOnly: true },
  { option: '-fprofile-use', form: 'start', ...why.instruments },
  { option: '-frecord-command-line', form: 'word', ...why.recordsCommand, clientOnly: true },
  { option: '-frecord-gcc-switches', form: 'word', ...why.recordsCommand, clientOnly: true, clangOnly: true },
  { option: '-frepo', form: 'word', ...why.templates },
  { option: '-frewrite-', form: 'start', ...why.leavesIncludes, clientOnly: true },
  { option: '-fsave-optimization-record', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-fstack-usage', form: 'word', ...why.besideObject, clientOnly: true },
  { option: '-fstats', form: 'word', ...why.measures, clientOnly: true },
  { option: '-fsyntax-only', form: 'word', ...why.noObject, clientOnly: true },
  { option: '-ftest-coverage', form: 'word', ...why.instruments },
  { option: '-ftime-report', form: 'start', ...why.measures, clientOnly: true },
  { option: '-ftime-trace', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-fwpa', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-gembed-source', form: 'word', ...why.embedsSource, clientOnly: true },
  { option: '-gen-cdb-fragment-path', form: 'start', ...why.database, clientOnly: true },
  { option: '-gmodules', form: 'word', ...why.modules, clientOnly: true },
  { option: '-grecord-command-line', form: 'word', ...why.recordsCommand, clientOnly: true },
  { option: '-grecord-gcc-switches', form: 'word', ...why.recordsCommand, clientOnly: true, clangOnly: true },
  { option: '-gsplit-dwarf', form: 'start', ...why.splitDebug, clientOnly: true },
  { option: '-march=native', form: 'word', ...why.nativeProcessor },
  { option: '-march=native+', form: 'start', ...why.nativeProcessor, clientOnly: true },
  { option: '-mcpu=native', form: 'start', ...why.nativeProcessor, clientOnly: true },
  { option: '-mdump-tune-features', form: 'word', ...why.measures, clientOnly: true },
  { option: '-module-file-info', form: 'word', ...why.prints, clientOnly: true },
  { option: '-mtune=native', form: 'word', ...why.nativeProcessor },
  { option: '-print-', form: 'start', ...why.prints, clientOnly: true },
  { option: '-rewrite-', form: 'start', ...why.otherProduct, clientOnly: true },
  { option: '-save-stats', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-save-temps', form: 'start', ...why.intermediate, clientOnly: true },
  { option: '-serialize-diagnostics', form: 'start', ...why.besideObject, clientOnly: true },
  { option: '-time', form: 'word', ...why.measures, clientOnly: true, gccOnly: true },
  { option: '-verify-pch', form: 'word', ...why.otherProduct, clientOnly: true },
  { option: '-working-directory', form: 'start', ...why.directory, clientOnly: true },
]);

/** The entry by which the word at a position keeps a command local. */
export function findLocalOption(words: readonly string[], at: number, side: Side): Match<LocalRule> | undefined {
  const clang = isClang(words[0] ?? '');
  const isMeant = (rule: LocalRule): boolean => {
    if (rule.clientOnly === true && side === 'server') return false;
    return clang ? rule.gccOnly !== true : rule.clangOnly !== true;
  };
  const found = localOptions.find(words, at, isMeant);
  if (found !== undefined || side === 'server' || clang) return found;
  const short = shortOption(words, at);
  const meant = short === undefined ? undefined : localOptions.find([short], 0, isMeant);
  return meant === undefined ? undefined : { rule: meant.rule, text: words[at] ?? '' };
}

/** Options for the preprocessor that gcc records in the object; a compile of preprocessed text would not. */
const recordedByGcc = /^-(?:A|CC?$|H$|P$|remap$|undef$)/;

/**
 * The option that gcc would record in the object, as debug information or as a record of options, and that a remote
 * compile would lose.
 */
export function findRecordedOption(words: readonly string[]): string | undefined {
  const records = words.some((word) => (word.startsWith('-g') && word !== '-g0') || word === '-frecord-gcc-switches');
  return records && !isClang(words[0] ?? '') ? words.find((word) => recordedByGcc.test(word)) : undefined;
}
