import type { Steps } from '../../basics/steps.ts';
import { dependencyNames } from '../../compiler/content/dependency-rule.ts';
import { folderInRoot } from '../../system/fence/private-root.ts';
import { limits } from '../../wire/limits.ts';
import type { DeclaredInput } from '../inputs/declared-input.ts';
import { isKeptEverywhere } from '../inputs/file-time.ts';
import { smallAnswer } from '../job/answer.ts';
import type { TreeCompiled } from '../job/run-tree-job.ts';
import { resolveLinks } from './resolve-links.ts';
import type { LookUps } from './resolve-links.ts';
import { makeTime, timePiecesInWords } from './time-pieces.ts';

/** What a compile was given, as far as it decides whether the result is kept. */
export interface KeptCompile {
  readonly directory: string;
  readonly inputs: readonly DeclaredInput[];
  /** Links of this machine's parts, by their paths. */
  readonly links: ReadonlyMap<string, string>;
}

/** Code for the processor that it is compiled on: the key does not say which that is. */
const isForThisProcessor = (word: string): boolean => word.endsWith('=native');

/** Reports of how long a compile took, and what memory. */
const reporting =
  /^-f(?:time-report(?:-details|=.*)?|(?:pre-ipa-|post-ipa-)?mem-report(?:-wpa)?|profile-report|proc-stat-report.*)$/;

/** A compile with more inputs, or longer names of them or words, would hold others up while its key is made. */
const most = { inputs: 8192, names: 1024 * 1024, words: 256 * 1024 };

/** A file whose time would be another one on some disks: two of them could have equal times there, or not. */
const hasStrangeTime = (input: DeclaredInput): boolean => input.kind === 'file' && !isKeptEverywhere(input.mtimeNs);

/** Whether a compile has a result that may be kept at all. */
export function mayHaveKept(words: readonly string[], inputs: readonly DeclaredInput[]): boolean {
  if (inputs.length > most.inputs || inputs.some(hasStrangeTime)) return false;
  if (words.some((word) => isForThisProcessor(word) || reporting.test(word))) return false;
  if (words.reduce((sum, { length }) => sum + length, 0) > most.words) return false;
  if (makeTime(timePiecesInWords(words))) return false;
  return inputs.reduce((sum, { path }) => sum + path.length, 0) <= most.names;
}

/** Texts of more than this, in bytes, are not looked through. */
const longestText = 4 * smallAnswer;
/** A rule that names more, or something longer, is none of a compile that is kept: a file may have several names. */
const longestRule = { names: 2 * most.inputs, length: 2 * limits.pathLength };
/** Characters of the ways to all names of a rule: the longest that are usual take a quarter of that. */
const mostLookUps = 16 * 1024 * 1024;

/** Whether a result is what any client with these inputs would get, in short steps. */
export function* mayKeep(compiled: TreeCompiled, compile: KeptCompile): Steps<boolean> {
  const { status, stderr, stdout, dependencies } = compiled;
  const texts = [stderr, stdout, dependencies];
  if (status !== 0 || texts.some(({ length }) => length > longestText)) return false;
  for (const text of texts) {
    if (text.read().includes(folderInRoot)) return false;
    yield;
  }
  return dependencies.length === 0 || (yield* namesInputsOnly(dependencies.read(), compile));
}

/** Whether a dependency file names nothing but what was declared; names in it are as compilers spell them. */
function* namesInputsOnly(text: Buffer, { directory, inputs, links }: KeptCompile): Steps<boolean> {
  const names = yield* dependencyNames(text.toString('latin1'), longestRule);
  if (names === undefined) return false;
  const files = new Set<string>();
  const texts = new Map(links);
  for (const input of inputs) {
    if (input.kind === 'file') files.add(input.path);
    if (input.kind === 'link') texts.set(input.path, input.target);
  }
  const lookUps: LookUps = { left: mostLookUps };
  for (const name of names) {
    yield;
    const path = name.startsWith('/') ? name : `${directory}/${name}`;
    if (files.has(path)) continue;
    const resolved = yield* resolveLinks(path, texts, lookUps);
    if (resolved === undefined || !files.has(resolved)) return false;
  }
  return true;
}
