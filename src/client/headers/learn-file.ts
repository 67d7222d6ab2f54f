import { createHash } from 'node:crypto';
import type { ReadFile } from './disk.ts';
import type { Entry, FileFacts } from './entry.ts';
import type { HeaderGraph } from './header-graph.ts';
import { keepBytes } from './kept-bytes.ts';
import { mtimeOf } from './stamp.ts';
import { readText, searchLines } from './text-facts.ts';
import type { WantedMacros } from './wanted-macros.ts';

/** SHA-256 of the parts, one after the other; one character for each byte. */
export const sha256 = (...parts: readonly (Buffer | string)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('binary');
};

/** What a file that was read holds; `hash` is that of its bytes. */
export function factsOf(file: Entry, { stamp, bytes }: ReadFile, hash: string, graph: HeaderGraph): FileFacts {
  const { references, obstacles, lines, definitions, calls } = readText(bytes, graph.macros);
  const directives = lines.join('\n');
  const facts: FileFacts = {
    references: references.map((reference) => graph.referenceLike(reference)),
    obstacles,
    definitions,
    calls,
    directives: sha256(Buffer.from(directives, 'latin1')),
    searched: graph.macros.size,
    input: {
      kind: 'file',
      path: file.path,
      stamp: keepBytes(stamp),
      hash,
      key: sha256('possession', bytes),
      size: bytes.length,
      mtimeNs: mtimeOf(stamp),
    },
  };
  graph.directives.put(facts.input, directives);
  graph.contents.put(facts.input, bytes);
  return facts;
}

/** The facts of the same text, whose directives were now looked through for all macros that are wanted. */
export function searchedFor(macros: WantedMacros, facts: FileFacts, directives: string): FileFacts {
  return { ...facts, ...searchLines(directives.split('\n'), macros), searched: macros.size };
}
