import { isClang } from '../names/compiler-family.ts';
import { dependencyWords } from './dependency-file.ts';
import { isLanguageByName, preprocessedLanguage } from '../names/languages.ts';
import { onlyShapesText, positionsForCompiling } from './preprocessor-options.ts';
import type { RemoteVerdict } from '../verdict.ts';
import { isObjectName, isSourceName } from '../names/source-name.ts';
import { isForLlvm, spelledForStock } from './stock-spelling.ts';

/**
 * The command that preprocesses here, its text on standard output; for a verdict that is not `preprocessed` already. It
 * makes the dependency file that the compile would have made (distcc 3.x leaves it in the current directory).
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
 * `directory`, where the client works, is for clang: gcc writes it into the text, clang has to be told lest the debug
 * information name a folder of the server.
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
 * Turns `-x c` into `-x cpp-output`: `-x c` would have the text preprocessed again, its line markers ignored, and names
 * of the server in the object.
 */
function withPreprocessedLanguages(words: readonly string[]): string[] {
  return withoutLanguageByName(words).flatMap((word, at, all) => {
    if (isForLlvm(all, at)) return [word];
    if (all[at - 1] === '-x') return [preprocessedLanguage(word) ?? word];
    if (!word.startsWith('-x') || word === '-x') return [word];
    return ['-x', preprocessedLanguage(word.slice(2)) ?? word.slice(2)];
  });
}

/** Leaves out each `-x none`, which servers of distcc 3.x refuse, and the language that it takes back. */
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

/** Options by which clang 15 and newer warn of line markers, of which every preprocessed text is full. */
const warnsOfMarkers = /^(?:-{1,2}pedantic(?:-errors)?|-W(?:error=)?(?:pedantic|everything|gnu|gnu-line-marker))$/;
/** Older ones do not know the name, and the local run has told about names that really are unknown. */
const aboutMarkers: readonly string[] = ['-Wno-unknown-warning-option', '-Wno-gnu-line-marker'];

function wordsForClang(words: readonly string[], directory: string | undefined): string[] {
  // Options for the preprocessor are unused now; the local run has told about those that really are.
  const quiet = ['-Qunused-arguments', ...(words.some((word) => warnsOfMarkers.test(word)) ? aboutMarkers : [])];
  const recorded = words.some((word) => word.startsWith('-g') && word !== '-g0');
  const chosen = words.some((word) => /^-f(?:debug|file)-compilation-dir/.test(word));
  if (directory === undefined || !recorded || chosen) return quiet;
  // A stock server would take such a directory for the source or the output.
  if (isSourceName(directory) || isObjectName(directory)) return quiet;
  return [...quiet, '-Xclang', '-fdebug-compilation-dir', '-Xclang', directory];
}
