import type { Steps } from '../../basics/steps.ts';
import type { Reason } from '../verdict.ts';
import { isDistributedLanguage, isLanguageByName, preprocessedLanguage } from '../names/languages.ts';
import { isObjectName, isSourceName } from '../names/source-name.ts';
import { findLocalOption } from './local-options.ts';
import type { Side } from './local-options.ts';
import { expandPreprocessorWord, lacksDependencyFile } from './preprocessor-words.ts';

const oneSource = 'compile each source by a command of its own';
const oneOutput = 'name one output, by "-o"';

/** A reason to stay local. */
export interface Obstacle extends Reason {
  readonly preprocessOnly?: boolean;
}

/** What the words of a command have told so far. */
export interface Findings {
  compile: boolean;
  assemble: boolean;
  /** The last language after `-x` in front of the source. */
  language: string | undefined;
  sourceAt: number | undefined;
  outputAt: number | undefined;
  outputForm: 'apart' | 'joined' | 'bare';
  /** The first source or output too many. It counts when the command compiles: a link may have many objects. */
  surplus: Obstacle | undefined;
}

/**
 * Reads the word at a position into the findings; returns the number of words it covers, or what keeps the command
 * local.
 */
export function* readWord(
  argv: readonly string[],
  at: number,
  findings: Findings,
  side: Side,
): Steps<number | Obstacle> {
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
  // A word for LLVM is neither an output nor a language, whatever it begins with: "-mllvm -openmp-opt-disable".
  if (word === '-mllvm') return 2;
  if (word === '-Xclang' && argv[at + 1] === '-mllvm' && argv[at + 2] === '-Xclang') return 4;
  if (word === '-c') findings.compile = true;
  if (word === '-S') findings.assemble = true;
  return 1;
}

/** A `-Wp,` word has an option or two: longer ones, in characters, are not split. */
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

/** What a process has open already; its own messages may go there. */
const openFile = /^\/(?:dev\/(?:std\w+|fd\/.*|tty.*|pts\/.*)|proc\/.*\/fd\/.*)$/;

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
  if (side === 'client' && word.startsWith('-MF') && openFile.test(value ?? '')) {
    const cure = 'name a file after "-MF", and print that afterwards';
    return { because: `"-MF" names "${value}", where messages may go between the dependencies`, cure };
  }
  return apart ? 2 : 1;
}

/**
 * The obstacle for an `@FILE` word that was not replaced by the file's words: only the compiler can tell what it means.
 */
export function responseFileObstacle(word: string): Obstacle {
  const cure = `write the options of "${word.slice(1)}" on the command line`;
  return { because: `"${word}" names a file of options that distcc cannot read as the compiler does`, cure };
}

function readName(word: string, at: number, findings: Findings, side: Side): number | Obstacle {
  if (side === 'client' && word.startsWith('@')) return responseFileObstacle(word);
  if (isSourceName(word)) {
    if (findings.sourceAt === undefined) findings.sourceAt = at;
    else findings.surplus ??= { because: `"${word}" is a second source`, cure: oneSource };
  } else if (isObjectName(word)) {
    if (findings.outputAt === undefined) {
      findings.outputAt = at;
      findings.outputForm = 'bare';
    } else findings.surplus ??= { because: `"${word}" is a second output`, cure: oneOutput };
  }
  return 1;
}

function readOutput(argv: readonly string[], at: number, findings: Findings): number {
  const apart = argv[at] === '-o';
  if (findings.outputAt === undefined) {
    findings.outputAt = apart ? at + 1 : at;
    findings.outputForm = apart ? 'apart' : 'joined';
  } else findings.surplus ??= { because: `"${argv[at]}" names a second output`, cure: oneOutput };
  return apart ? 2 : 1;
}

/**
 * Judges `-x` by the next word, as distcc 3.x does, even for `-xLANGUAGE`; the client also judges the language itself.
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
