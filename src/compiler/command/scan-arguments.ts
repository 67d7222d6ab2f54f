import { finish } from '../../basics/steps.ts';
import type { Steps } from '../../basics/steps.ts';
import type { Reason, RemoteVerdict, Verdict } from '../verdict.ts';
import { nothingMore, refusedOption } from '../allow-list/judge-words.ts';
import type { PermittedByAdministrator } from '../allow-list/judge-words.ts';
import { danglingOption } from './option-values.ts';
import {
  assemblerLanguage,
  isDistributedLanguage,
  isLanguageByName,
  isPreprocessedLanguage,
  preprocessedLanguage,
} from '../names/languages.ts';
import { findLocalOption, findRecordedOption } from './local-options.ts';
import type { Side } from './local-options.ts';
import { expandPreprocessorWord, lacksDependencyFile } from './preprocessor-words.ts';
import { defaultOutput, isConftest, isObjectName, isPreprocessed, isSourceName } from '../names/source-name.ts';
import { remoteCommand } from './split-command.ts';

const oneSource = 'compile each source by a command of its own';
const oneOutput = 'name one output, by "-o"';

/** A reason to stay local. */
interface Obstacle extends Reason {
  readonly preprocessOnly?: boolean;
}

/** What the words of a command turned out to hold. */
interface Findings {
  compile: boolean;
  assemble: boolean;
  /** The last language after `-x` in front of the source. */
  language: string | undefined;
  sourceAt: number | undefined;
  outputAt: number | undefined;
  outputForm: 'apart' | 'joined' | 'bare';
}

/**
 * Tells whether a compile can be done by another machine, with one look at each word from left to right
 * (doc/distcc-behaviour.md, "The scanner"): it does not know which options take a value, so `-include foo.c` counts as
 * a source. `permitted` is what the client's hosts permit beyond the allow list; a server looks at that by itself.
 */
export function scanArguments(argv: readonly string[], side: Side, permitted = nothingMore): Verdict {
  return finish(scanInSteps(argv, side, permitted));
}

/** The same in steps: the words of a stranger can be many, and long. */
export function* scanInSteps(argv: readonly string[], side: Side, permitted = nothingMore): Steps<Verdict> {
  const verdict = yield* scan(argv, side, permitted);
  if ('run' in verdict) return verdict;
  const { because, cure, preprocessOnly = false } = verdict;
  return { run: 'locally', because, cure, preprocessOnly, words: argv };
}

function* scan(
  argv: readonly string[],
  side: Side,
  permitted: PermittedByAdministrator,
): Steps<RemoteVerdict | Obstacle> {
  const findings: Findings = {
    compile: false,
    assemble: false,
    language: undefined,
    sourceAt: undefined,
    outputAt: undefined,
    outputForm: 'bare',
  };
  let at = 1;
  while (at < argv.length) {
    const step = yield* readWord(argv, at, findings, side);
    yield;
    if (typeof step !== 'number') return step;
    at += step;
  }
  // Also as the value of an option, "-o @more": the compiler looks for such words before it knows what an option is.
  const response = side === 'client' ? argv.find((word, place) => place > 0 && word.startsWith('@')) : undefined;
  if (response !== undefined) return responseFileObstacle(response);
  const dangling = danglingOption(argv);
  if (dangling !== undefined)
    return { because: `"${dangling}" at the end lacks its value`, cure: 'give it its value, or take it out' };
  const verdict = conclude(argv, findings);
  if (side === 'server' || 'because' in verdict) return verdict;
  return clientObstacle(verdict, permitted) ?? verdict;
}

/**
 * Reads the word at a position into the findings; gives the number of words it took, or what keeps the command local.
 */
function* readWord(argv: readonly string[], at: number, findings: Findings, side: Side): Steps<number | Obstacle> {
  const word = argv[at] ?? '';
  if (!word.startsWith('-')) return readName(word, at, findings, side);
  if (word.startsWith('-Wp,')) return (yield* readPreprocessorWord(word, argv, side)) ?? 1;
  const dependency = readDependencyWord(argv, at, side);
  if (dependency !== undefined) return dependency;
  const local = findLocalOption(argv, at, side);
  if (local !== undefined) {
    const { because, cure, preprocessOnly = false } = local.rule;
    return { because: `"${local.text}" ${because}`, cure, preprocessOnly };
  }
  if (word.startsWith('-o')) return readOutput(argv, at, findings);
  if (word.startsWith('-x')) return readLanguage(argv, at, findings, side) ?? 1;
  // What LLVM is told is neither an output nor a language, whatever it begins with: "-mllvm -openmp-opt-disable".
  if (word === '-mllvm') return 2;
  if (word === '-Xclang' && argv[at + 1] === '-mllvm' && argv[at + 2] === '-Xclang') return 4;
  if (word === '-c') findings.compile = true;
  if (word === '-S') findings.assemble = true;
  return 1;
}

/** A word for the preprocessor holds an option or two: longer ones are not taken apart. */
const longestPreprocessorWord = 4096;

/** Looks at the words inside a `-Wp,` word; its values are neither sources nor outputs. */
function* readPreprocessorWord(word: string, argv: readonly string[], side: Side): Steps<Obstacle | undefined> {
  if (side === 'client' && lacksDependencyFile(word)) {
    return { because: `"${word}" lacks the name of the dependency file`, cure: `write "${word},FILE"` };
  }
  if (word.length > longestPreprocessorWord) {
    const cure = 'write the options for the preprocessor as words of their own';
    return { because: `a "-Wp," word is longer than ${longestPreprocessorWord} letters`, cure };
  }
  const parts = [argv[0] ?? '', ...expandPreprocessorWord(word)];
  for (let at = 1; at < parts.length; at += 1) {
    yield;
    const step = readDependencyWord(parts, at, side);
    if (typeof step === 'object') return step;
    const local = step === undefined ? findLocalOption(parts, at, side) : undefined;
    if (local !== undefined) {
      return { because: `"${local.text}" in "${word}" ${local.rule.because}`, cure: local.rule.cure };
    }
    at += (step ?? 1) - 1;
  }
  return undefined;
}

const plainDependencyWords: ReadonlySet<string> = new Set(['-MD', '-MG', '-MMD', '-MP']);

/**
 * The number of words when this is one of the dependency options that leave a compile a compile, `undefined` for any
 * other word.
 */
function readDependencyWord(words: readonly string[], at: number, side: Side): number | Obstacle | undefined {
  const word = words[at] ?? '';
  if (plainDependencyWords.has(word)) return 1;
  if (!/^-M[FTQ]/.test(word)) return undefined;
  const apart = word.length === 3;
  const value = apart ? words[at + 1] : word.slice(3);
  if (side === 'client' && word.startsWith('-MF') && (value === '-' || value === '/dev/stdout')) {
    // The preprocessor's standard output is the text that is sent to the server.
    const cure = 'name a file after "-MF", and print that afterwards';
    return { because: '"-MF" names standard output, where the preprocessed text goes', cure };
  }
  return apart ? 2 : 1;
}

/**
 * A word that the expansion of response files has left: only the compiler can tell whether it is an input, or what the
 * file says.
 */
function responseFileObstacle(word: string): Obstacle {
  const cure = `write the options of "${word.slice(1)}" on the command line`;
  return { because: `"${word}" names a file of options that distcc cannot read as the compiler does`, cure };
}

function readName(word: string, at: number, findings: Findings, side: Side): number | Obstacle {
  if (side === 'client' && word.startsWith('@')) return responseFileObstacle(word);
  if (isSourceName(word)) {
    if (findings.sourceAt !== undefined) return { because: `"${word}" is a second source`, cure: oneSource };
    findings.sourceAt = at;
  } else if (isObjectName(word)) {
    if (findings.outputAt !== undefined)
      return { because: `"${word}" is a second output, as for a link`, cure: oneOutput };
    findings.outputAt = at;
    findings.outputForm = 'bare';
  }
  return 1;
}

function readOutput(argv: readonly string[], at: number, findings: Findings): number | Obstacle {
  const apart = argv[at] === '-o';
  if (findings.outputAt !== undefined) return { because: `"${argv[at]}" names a second output`, cure: oneOutput };
  findings.outputAt = apart ? at + 1 : at;
  findings.outputForm = apart ? 'apart' : 'joined';
  return apart ? 2 : 1;
}

/**
 * Judges `-x LANGUAGE` as distcc 3.x does, `-xLANGUAGE` by the word after it included, and the client by the language
 * besides.
 */
function readLanguage(argv: readonly string[], at: number, findings: Findings, side: Side): Obstacle | undefined {
  const word = argv[at] ?? '';
  const next = argv[at + 1];
  if (next === undefined) return undefined;
  const language = word === '-x' ? next : word.slice(2);
  if (!isDistributedLanguage(next)) {
    const cure = 'nothing can be done, since distcc distributes C, C++ and Objective-C';
    if (word === '-x') return { because: `"-x ${language}" is a language that is not distributed`, cure };
    return { because: `"${word}" names the language in one word`, cure: `write "-x ${language}", as two words` };
  }
  const byName = isLanguageByName(language);
  if (side === 'client' && !byName && preprocessedLanguage(language) === undefined) {
    const cure = 'nothing can be done, since headers and such are precompiled where they are used';
    return { because: `"-x ${language}" cannot be compiled from preprocessed text`, cure };
  }
  if (findings.sourceAt === undefined) findings.language = byName ? undefined : language;
  return undefined;
}

function conclude(argv: readonly string[], findings: Findings): RemoteVerdict | Obstacle {
  const { assemble, sourceAt, outputAt, outputForm } = findings;
  if (!findings.compile && !assemble) {
    const cure = 'compile with "-c" first, and link the objects by another command, which is always run here';
    return { because: 'without "-c" or "-S" the command does more than compile', cure };
  }
  const source = sourceAt === undefined ? undefined : argv[sourceAt];
  if (sourceAt === undefined || source === undefined) {
    const cure = 'name a source that ends in .c, .cc, .cpp, .cxx, .C, .m or the like: the ending tells the language';
    return { because: 'no word names a C, C++ or Objective-C source', cure };
  }
  if (isConftest(source)) {
    const cure = 'give the source another name than "conftest"';
    return { because: `"${source}" is a probe of this machine by configure`, cure };
  }
  const common = {
    run: 'remotely',
    sourceAt,
    source,
    assemble,
    preprocessed: needsNoPreprocessor(argv, findings),
    assemblerText: findings.language === assemblerLanguage,
  } as const;
  if (outputAt === undefined) {
    const output = defaultOutput(source, assemble ? '.s' : '.o');
    if (output === undefined)
      return { because: `"${source}" gives no name for the output`, cure: 'name the output by "-o"' };
    const words = [...argv, '-o', output];
    return { ...common, words, outputAt: words.length - 1, joined: false, appended: true, output };
  }
  const word = argv[outputAt] ?? '';
  if (outputForm === 'bare') {
    const cure = `write "-o" before "${word}" if that is the output, else take it out`;
    return { because: `"${word}" is an object and no "-o" names the output`, cure };
  }
  const joined = outputForm === 'joined';
  const output = joined ? word.slice(2) : word;
  if (output === '-')
    return { because: '"-o -" writes to standard output', cure: 'write to a file, and print that afterwards' };
  if (output === '') return { because: '"-o" names an empty output', cure: 'name the output' };
  return { ...common, words: argv, outputAt, joined, appended: false, output };
}

function needsNoPreprocessor(argv: readonly string[], { language, sourceAt }: Findings): boolean {
  if (argv.includes('-fpreprocessed')) return true;
  return language === undefined ? isPreprocessed(argv[sourceAt ?? 0] ?? '') : isPreprocessedLanguage(language);
}

/** Options that make assembler text tell where in the source it comes from, to the line's text or its column. */
const annotatesAssembler = /^-(?:f|-)verbose-asm$|^-d[A-Za-z]*P/;

/** What keeps assembler text here: it has no line markers, so that debug information would name the server's file. */
function assemblerObstacle({ words, assemble }: RemoteVerdict): Obstacle | undefined {
  if (assemble) {
    const cure = 'write "-c" instead of "-S"';
    return { because: 'text for the assembler cannot be compiled to such text', cure };
  }
  const debugging = words.find((word) => /^(?:-Wa,(?:.*,)?)?--?g/.test(word) && word !== '-g0');
  if (debugging === undefined) return undefined;
  const cure = `take "${debugging}" out`;
  return { because: `"${debugging}" records the names of the assembler text's file and directory`, cure };
}

/**
 * What keeps a compile here that distcc 3.4 would send: by-products a server does not return, and words that a server
 * refuses.
 */
function clientObstacle(verdict: RemoteVerdict, permitted: PermittedByAdministrator): Obstacle | undefined {
  const { words, assemble, appended, source, output } = verdict;
  const annotates = assemble ? words.find((word) => annotatesAssembler.test(word)) : undefined;
  if (annotates !== undefined) {
    const cure = `take "${annotates}" out: a host has preprocessed text only`;
    return { because: `"${annotates}" copies lines or places of the source into the assembler text`, cure };
  }
  if (appended && words.includes('-emit-llvm')) {
    return { because: '"-emit-llvm" without "-o" names the output differently', cure: 'name the output by "-o"' };
  }
  const ofAssembler = verdict.assemblerText ? assemblerObstacle(verdict) : undefined;
  if (ofAssembler !== undefined) return ofAssembler;
  const recorded = findRecordedOption(words);
  if (recorded !== undefined) {
    const cure = `take "${recorded}" out, or leave out what records it: "-g" and "-frecord-gcc-switches"`;
    return { because: `"${recorded}" is recorded in the object`, cure };
  }
  const sent = remoteCommand(verdict);
  const seen = finish(scan(sent, 'server', permitted));
  // An option without its value took the next word for it: "-I -c foo.c".
  if (!('run' in seen) || seen.source !== source || seen.output !== output) {
    const cure = 'look for an option that lacks its value and took the next word for it';
    return { because: `a server would not see "${source}" compiled to "${output}"`, cure };
  }
  const refused = refusedOption(seen, permitted);
  if (refused === undefined) return undefined;
  const cure = `take "${refused.option}" out, or have it permitted by the hosts and name it in DISTCC_PERMIT_OPTIONS`;
  return { because: `"${refused.option}" ${refused.because}`, cure };
}
