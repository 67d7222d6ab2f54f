import { isClang } from '../names/compiler-family.ts';
import { dependencyWords } from './dependency-file.ts';
import { isLanguageByName, preprocessedLanguage } from '../names/languages.ts';
import { onlyShapesText, positionsForCompiling } from './preprocessor-options.ts';
import type { RemoteVerdict } from '../verdict.ts';
import { isObjectName, isSourceName } from '../names/source-name.ts';
import { isForLlvm, spelledForStock } from './stock-spelling.ts';

/**
 * The command that preprocesses here and writes the text to standard output; for a source that is not `preprocessed`
 * already. It writes the same dependency file as a local compile (distcc 3.x leaves it in the current directory).
 */
export function preprocessCommand(verdict: RemoteVerdict): string[] {
  const { words, outputAt, joined } = verdict;
  const outputFrom = joined ? outputAt : outputAt - 1;
  const kept = words.filter((word, at) => (at < outputFrom || at > outputAt) && !onlyShapesText(word));
  const command = kept.map((word) => (word === '-c' || word === '-S' ? '-E' : word));
  return [...command, ...dependencyWords(verdict)];
}

/**
 * The command for a server, which compiles the preprocessed text (doc/distcc-behaviour.md, "Which words go where").
 * `directory` is the client's working directory. gcc finds it in the text; clang has to be told, or its debug
 * information would name a folder of the server.
 */
export function remoteCommand(verdict: RemoteVerdict, directory?: string): string[] {
  const { words } = verdict;
  const kept = positionsForCompiling(words).map((at) => words[at] ?? '');
  return [
    ...spelledForStock(withPreprocessedLanguages(kept)),
    ...(isClang(words[0] ?? '') ? wordsForClang(words, directory) : []),
  ];
}

/**
 * Turns `-x c` into `-x cpp-output`. With `-x c` the text would be preprocessed again, the line markers ignored, and
 * the object would hold the server's names.
 */
function withPreprocessedLanguages(words: readonly string[]): string[] {
  return withoutLanguageByName(words).flatMap((word, at, all) => {
    if (isForLlvm(all, at)) return [word];
    if (all[at - 1] === '-x') return [preprocessedLanguage(word) ?? word];
    if (!word.startsWith('-x') || word === '-x') return [word];
    return ['-x', preprocessedLanguage(word.slice(2)) ?? word.slice(2)];
  });
}

/** Leaves out each `-x none`, which servers of distcc 3.x refuse, and the language that it cancels. */
function withoutLanguageByName(words: readonly string[]): readonly string[] {
  const apart = (at: number): boolean => words[at] === '-x' && !isForLlvm(words, at);
  const joined = (at: number): boolean => /^-x./.test(words[at] ?? '') && !isForLlvm(words, at);
  const languages = words.flatMap((word, at) => {
    if (apart(at)) return [{ at, length: 2, language: words[at + 1] ?? '' }];
    return joined(at) && !apart(at - 1) ? [{ at, length: 1, language: word.slice(2) }] : [];
  });
  const gone = new Set<number>();
  for (const [number, { at, length, language }] of languages.entries()) {
    const next = languages[number + 1];
    const takenBack = next !== undefined && isLanguageByName(next.language);
    if (!isLanguageByName(language) && !takenBack) continue;
    for (let place = at; place < at + length; place += 1) gone.add(place);
  }
  return gone.size === 0 ? words : words.filter((_, at) => !gone.has(at));
}

/** Options that make clang 15 and newer warn about line markers, which every preprocessed text is full of. */
const warnsOfMarkers = /^(?:-{1,2}pedantic(?:-errors)?|-W(?:error=)?(?:pedantic|everything|gnu|gnu-line-marker))$/;
/**
 * The first word is for older clangs, which do not know the second; the local run has warned about truly unknown names.
 */
const aboutMarkers: readonly string[] = ['-Wno-unknown-warning-option', '-Wno-gnu-line-marker'];

function wordsForClang(words: readonly string[], directory: string | undefined): string[] {
  // Options for the preprocessor are unused now; the local run has warned about those that are unused there too.
  const quiet = ['-Qunused-arguments', ...(words.some((word) => warnsOfMarkers.test(word)) ? aboutMarkers : [])];
  const recorded = words.some((word) => word.startsWith('-g') && word !== '-g0');
  const chosen = words.some((word) => /^-f(?:debug|file)-compilation-dir/.test(word));
  if (directory === undefined || !recorded || chosen) return quiet;
  // A stock server would mistake a directory of such a name for the source or the output.
  if (isSourceName(directory) || isObjectName(directory)) return quiet;
  return [...quiet, '-Xclang', '-fdebug-compilation-dir', '-Xclang', directory];
}
