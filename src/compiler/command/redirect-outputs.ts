import { dependencyWishes } from './dependency-file.ts';
import { baseName } from '../names/source-name.ts';
import type { RemoteVerdict } from '../verdict.ts';

/** Where a command writes in place of what its words name. */
export interface OutputPlaces {
  readonly object: string;
  readonly dependencies: string;
}

/** The target of the rule in a `.d` file when no word names it and no output: the source's own name and `.o`. */
const targetBySource = (source: string): string => `${baseName(source).replace(/\.[^.]*$/, '')}.o`;

/** A `-Wp,` word with another dependency file in it. */
function redirectPreprocessorWord(word: string, file: string): string {
  const parts = word.split(',');
  return parts.map((part, at) => (at > 0 && /^-M(?:F|M?D)$/.test(parts[at - 1] ?? '') ? file : part)).join(',');
}

/**
 * The words of a command with its outputs elsewhere and nothing else changed: the object, and the dependency file, in
 * which the target is named as without that.
 */
export function redirectOutputs(verdict: RemoteVerdict, places: OutputPlaces): string[] {
  const { outputAt, joined, appended, source, output } = verdict;
  const words = [...verdict.words];
  words[outputAt] = joined ? `-o${places.object}` : places.object;
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (at === outputAt) continue;
    if (word === '-MF' && at + 1 < words.length) words[(at += 1)] = places.dependencies;
    else if (word.startsWith('-MF')) words[at] = `-MF${places.dependencies}`;
    else if (word.startsWith('-Wp,')) words[at] = redirectPreprocessorWord(word, places.dependencies);
    else if (word === '-Xpreprocessor' && /^-M(?:F|M?D)$/.test(words[at + 1] ?? '') && words[at + 2] === word) {
      if (at + 3 < words.length) words[at + 3] = places.dependencies;
      at += 3;
    } else if (word === '-MT' || word === '-MQ') at += 1;
  }
  const { asked, file, target } = dependencyWishes(verdict.words);
  if (!asked) return words;
  return [
    ...words,
    ...(file ? [] : ['-MF', places.dependencies]),
    ...(target ? [] : ['-MQ', appended ? targetBySource(source) : output]),
  ];
}
