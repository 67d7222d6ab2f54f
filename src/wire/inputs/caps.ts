import type { Grammar } from '../reading/decoder.ts';
import { limits } from '../limits.ts';
import { encodeText, readText, readTextBody } from '../text.ts';
import { readTokenOrEnd } from '../token.ts';
import { codecs } from './contents.ts';
import type { Codec } from './contents.ts';
import { treeVersion } from './tree-job.ts';

/** What a server offers beyond distcc's protocol. */
export interface Caps {
  /** Whether it takes tree jobs. */
  readonly tree: boolean;
  /** How contents may be packed besides not at all. */
  readonly codecs: readonly Codec[];
  /** Whether it keeps results, so that the same compile is done sooner where it was done before. */
  readonly results: boolean;
  /** Whether it will take tree jobs soon, and does not yet: the next answer may offer them. */
  readonly later: boolean;
  /** The compiler that did the job, as encodeCompiler() says it; left out when it has not been looked at. */
  readonly compiler?: string | undefined;
}

const treeWord = `tree/${treeVersion}`;
const resultsWord = 'results';
const laterWord = 'later';
const compilerWord = 'compiler/';

/** Encodes what a server offers; it stands after the object of an answer, where stock clients do not look. */
export function encodeCaps({ tree, codecs: known, results, later, compiler }: Caps): Buffer {
  const said = [
    ...(tree ? [treeWord] : []),
    ...known,
    ...(results ? [resultsWord] : []),
    ...(later ? [laterWord] : []),
    ...(compiler === undefined ? [] : [`${compilerWord}${encodeURIComponent(compiler)}`]),
  ];
  return encodeText('CAPS', said.join(' '));
}

/** A text that stands in a word; undefined where there is none that can be read. */
function textIn(word: string | undefined): string | undefined {
  try {
    return word === undefined ? undefined : decodeURIComponent(word.slice(compilerWord.length));
  } catch {
    return undefined;
  }
}

/** Reads the text of an offer; words that mean nothing here are passed over. */
export function parseCaps(text: string): Caps {
  const words = new Set(text.split(' '));
  const compiler = textIn([...words].find((word) => word.startsWith(compilerWord)));
  return {
    tree: words.has(treeWord),
    codecs: codecs.filter((codec) => codec !== 'raw' && words.has(codec)),
    results: words.has(resultsWord),
    later: words.has(laterWord),
    ...(compiler === undefined ? {} : { compiler }),
  };
}

/** Reads an offer. @throws ProtocolError */
export function* readCaps(): Grammar<Caps> {
  return parseCaps(yield* readText('CAPS', limits.capsLength));
}

/** Reads an offer, or gives undefined where the answer ends without one. @throws ProtocolError */
export function* readCapsOrEnd(): Grammar<Caps | undefined> {
  const length = yield* readTokenOrEnd('CAPS', limits.capsLength);
  return length === undefined ? undefined : parseCaps(yield* readTextBody('CAPS', length));
}
