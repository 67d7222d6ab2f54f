import { finish } from '../../basics/steps.ts';
import type { Steps } from '../../basics/steps.ts';
import type { RemoteVerdict, Verdict } from '../verdict.ts';
import { nothingMore, refusedOption } from '../allow-list/judge-words.ts';
import type { PermittedByAdministrator } from '../allow-list/judge-words.ts';
import { danglingOption } from './option-values.ts';
import { assemblerLanguage, isPreprocessedLanguage } from '../names/languages.ts';
import { findRecordedOption } from './local-options.ts';
import type { Side } from './local-options.ts';
import { readWord, responseFileObstacle } from './read-words.ts';
import type { Findings, Obstacle } from './read-words.ts';
import { defaultOutput, isConftest, isPreprocessed } from '../names/source-name.ts';
import { remoteCommand } from './split-command.ts';

/**
 * Decides whether a compile can be done by another machine, in one pass over the words (doc/distcc-behaviour.md, "The
 * scanner"). It does not know which options have a value, so the `foo.c` of `-include foo.c` counts as a source.
 * `permitted` are options that the client's hosts permit beyond the allow list; a server checks options separately.
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
    surplus: undefined,
  };
  let at = 1;
  while (at < argv.length) {
    const step = yield* readWord(argv, at, findings, side);
    yield;
    if (typeof step !== 'number') return step;
    at += step;
  }
  // Even as the value of an option, as in "-o @more": compilers replace such words before they read options.
  const response = side === 'client' ? argv.find((word, place) => place > 0 && word.startsWith('@')) : undefined;
  if (response !== undefined) return responseFileObstacle(response);
  const dangling = danglingOption(argv);
  if (dangling !== undefined)
    return { because: `"${dangling}" at the end lacks its value`, cure: 'give it its value, or take it out' };
  const verdict = conclude(argv, findings);
  if (side === 'server' || 'because' in verdict) return verdict;
  return clientObstacle(verdict, permitted) ?? verdict;
}

function conclude(argv: readonly string[], findings: Findings): RemoteVerdict | Obstacle {
  const { assemble, sourceAt, outputAt, outputForm } = findings;
  if (!findings.compile && !assemble) {
    const cure = 'compile with "-c" first, and link the objects by another command, which is always run here';
    return { because: 'without "-c" or "-S" the command does more than compile', cure };
  }
  if (findings.surplus !== undefined) return findings.surplus;
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

/** Options that put the text or the columns of source lines into assembler text. */
const annotatesAssembler = /^-(?:f|-)verbose-asm$|^-d[A-Za-z]*P/;

/**
 * What keeps a compile of assembler text here. The text has no line markers, so debug information would name the
 * server's file.
 */
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
 * What keeps a compile here that distcc 3.4 would send: output files that a server does not return, and words that a
 * server refuses.
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
  // An option that lacks its value took the next word, as in "-I -c foo.c".
  if (!('run' in seen) || seen.source !== source || seen.output !== output) {
    const cure = 'look for an option that lacks its value and took the next word for it';
    return { because: `a server would not see "${source}" compiled to "${output}"`, cure };
  }
  const refused = refusedOption(seen, permitted);
  if (refused === undefined) return undefined;
  const cure = `take "${refused.option}" out, or have it permitted by the hosts and name it in DISTCC_PERMIT_OPTIONS`;
  return { because: `"${refused.option}" ${refused.because}`, cure };
}
