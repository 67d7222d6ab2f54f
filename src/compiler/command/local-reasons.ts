import type { Reason } from '../verdict.ts';

/**
 * Why options keep a compile on this machine, each as the end of a sentence that begins with the option, and what would
 * have it distributed.
 */
export const localReasons = {
  besideObject: {
    because: 'writes a file beside the object, and a server sends only the object back',
    cure: 'leave the option out, or make that file by a command of its own that runs here',
  },
  charset: { because: 'means the source, but preprocessed text is always UTF-8', cure: 'convert the source to UTF-8' },
  database: {
    because: 'adds to a compilation database on this machine',
    cure: 'have the database made by the build system ("bear", or CMAKE_EXPORT_COMPILE_COMMANDS)',
  },
  debugsPreprocessor: {
    because: 'puts other things into the preprocessed text',
    cure: 'take the option out: it is for those who debug the preprocessor',
  },
  directory: {
    because: 'moves the compiler to a directory of this machine',
    cure: 'change to that directory before, by "cd"',
  },
  document: {
    because: 'writes one document for a whole compile, which distributed is done by two programs',
    cure: 'leave the option out: text is the one form of messages that can be put together',
  },
  dump: {
    because: 'writes a dump of the compiler beside the object',
    cure: 'leave the dump out, or make it by a command of its own',
  },
  embedsSource: {
    because: 'puts the source into the object',
    cure: 'take the option out: a host has preprocessed text only',
  },
  endsOptions: {
    because: 'ends the options, and distcc has to add some after it',
    cure: 'take "--" out and write the source as "./NAME" when it begins with a dash',
  },
  instruments: {
    because: 'ties the object to profiling data on this machine',
    cure: 'build without profiling: its data is only good on the machine that compiled',
  },
  intermediate: {
    because: 'writes a file beside the object, and a server sends only the object back',
    cure: 'take the option out, and look at the files of one source by a command of its own: "-E" and "-S" make them',
  },
  leavesIncludes: { because: 'leaves includes in the preprocessed text', cure: 'take the option out' },
  listing: {
    because: 'makes the assembler write a file, and a server sends only the object back',
    cure: 'make the listing by a command of its own, without distcc',
  },
  listsHeaders: {
    because: 'lists the headers, and clang lists them again for preprocessed text',
    cure: 'take the option out, or ask for the headers by "-MD"',
  },
  longDependencies: { because: 'asks for dependencies in a long form', cure: 'write "-MD" or "-MMD"' },
  longDump: {
    because: 'is a long form of "-d" that is not distributed',
    cure: 'write the short form, "-d" and the letters',
  },
  longLanguage: { because: 'names the language in a long form', cure: 'write "-x" and the language as two words' },
  measures: {
    because: 'tells about one run of the compiler, and a distributed compile is two',
    cure: 'leave the option out, and measure by a command of its own',
  },
  modules: { because: 'needs the modules of this machine', cure: 'compile without modules, with the headers instead' },
  nativeProcessor: {
    because: 'means another processor on another machine',
    cure: 'name the processor in place of "native": "gcc -march=native -Q --help=target" shows the name',
  },
  noObject: { because: 'makes no object', cure: 'take the option out' },
  onlyWithE: {
    because: 'is an error of the compile that preprocessing would hide',
    cure: 'take the option out: it only means something together with "-E"',
  },
  otherDependencies: {
    because: 'asks for dependencies in a way that is not distributed',
    cure: 'ask for dependencies by "-MD" or "-MMD", with "-MF" and "-MT"',
  },
  otherLanguage: {
    because: 'names the language, which preprocessed text has changed',
    cure: 'write "-x objective-c" or "-x objective-c++" in its place',
  },
  otherProduct: {
    because: 'asks for something else than an object',
    cure: 'nothing can be done, since only objects and assembler text are made elsewhere',
  },
  precompiledHeaders: {
    because: 'leaves precompiled headers to a compiler on this machine',
    cure: 'take the option out: precompiled headers cannot be sent',
  },
  preprocesses: {
    because: 'runs only the preprocessor',
    cure: 'nothing can be done, since preprocessing is what distcc does here for every compile',
  },
  preprocessesAgain: {
    because: 'has preprocessed text preprocessed again',
    cure: 'take the option out, or name the source with its usual ending',
  },
  prints: { because: 'prints something instead of compiling', cure: 'nothing can be done, since it compiles nothing' },
  printsCommands: { because: 'prints the commands instead of running them', cure: 'take "-###" out' },
  recordsCommand: {
    because: 'records the command line in the object',
    cure: 'leave the option out: the command that a host runs is another one than yours',
  },
  recordsMacros: {
    because: 'records macros, and preprocessed text has none',
    cure: 'write "-fno-debug-macro", or leave the option out',
  },
  report: { because: 'puts a report into the preprocessed text', cure: 'take the option out' },
  severalProcessors: {
    because: 'means one of several processors to compile for',
    cure: 'compile for one processor a command, without "-Xarch_"',
  },
  splitDebug: {
    because: 'writes a file beside the object, and a server sends only the object back',
    cure: 'write "-g" in its place, which leaves the debug information in the object',
  },
  templates: {
    because: 'writes a template repository beside the object',
    cure: 'take the option out: newer compilers do without it',
  },
} as const satisfies Readonly<Record<string, Reason>>;
