import { isClang } from '../names/compiler-family.ts';
import type { RemoteVerdict } from '../verdict.ts';

/**
 * A line marker at the very start of preprocessed text, and the one that gcc puts after it for the working directory.
 */
const firstMarker = /^# [0-9]+ "((?:[^"\\\n]|\\.)*)"[^\n]*\n/;
const directoryMarker = /^# [0-9]+ "(?:[^"\\\n]|\\.)*\/\/"\n/;

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

/**
 * The line markers that a preprocessed source lacks. A host compiles it under another name in another directory; the
 * markers put the names of this machine into the object: the source's name, and for gcc the working directory, which
 * its debug information takes from there. `head` is the beginning of the source, at least its first two lines.
 */
export function missingMarkers(verdict: RemoteVerdict, head: string, directory: string): string {
  const { words, source, assemblerText } = verdict;
  // The assembler would read them as comments, or as directives that change its line numbers.
  if (assemblerText) return '';
  const first = firstMarker.exec(head);
  const name = first === null ? quoted(source) : `"${first[1]}"`;
  if (isClang(words[0] ?? '')) return first === null ? `# 1 ${name}\n` : '';
  if (first !== null && directoryMarker.test(head.slice(first[0].length))) return '';
  const start = `# 0 ${name}\n# 1 ${quoted(`${directory}//`)}\n`;
  return first === null ? `${start}# 1 ${name}\n` : start;
}
