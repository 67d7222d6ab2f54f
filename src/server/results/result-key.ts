import { createHash } from 'node:crypto';
import type { DeclaredFile, DeclaredInput } from '../inputs/declared-input.ts';
import { secondOnDisk, timeOnDisk } from '../inputs/file-time.ts';

/** Rises when a result of before may not be used any more for what the rest of the key says. */
const keyFormat = 2;

/** Everything that the result of a compile depends on. */
export interface CompileFacts {
  /** Which compiler: see CompilerIdentities. */
  readonly identity: string;
  /** The compiler on this machine, absolute. */
  readonly path: string;
  /** The words that it is called with, its name first. */
  readonly words: readonly string[];
  /** The output as the client names it. */
  readonly output: string;
  /** The client's working directory. */
  readonly directory: string;
  /** All its variables, as NAME=value. */
  readonly environment: readonly string[];
  /** All that it can see besides the machine's parts; the hashes of files are this server's own. */
  readonly inputs: readonly DeclaredInput[];
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const nameOf = (variable: string): string => variable.slice(0, variable.indexOf('='));

/** By name: which of two with one name counts depends on their order, which stays. */
function sortedVariables(variables: readonly string[]): string[] {
  return [...variables].sort((one, other) => compare(nameOf(one), nameOf(other)));
}

/** For each value the place of the first one like it. */
function firstPlaces(values: readonly bigint[]): number[] {
  const places = new Map<bigint, number>();
  return values.map((value, at) => {
    const first = places.get(value) ?? at;
    places.set(value, first);
    return first;
  });
}

/**
 * gcc takes two files of one content and time for one file. Of such a file: which files before it have its time on the
 * disk, down to the second, and down to what the disk is given; the times themselves do not matter.
 */
function twinTimes(files: readonly DeclaredFile[]): number[][] {
  const times = files.map(({ mtimeNs }) => mtimeNs);
  return [firstPlaces(times.map(secondOnDisk)), firstPlaces(times.map(timeOnDisk))];
}

/** Files with the content of another one, by their hashes; in the order of their paths. */
function findTwins(inputs: readonly DeclaredInput[]): DeclaredFile[][] {
  const byHash = new Map<string, DeclaredFile[]>();
  for (const input of inputs) {
    if (input.kind !== 'file') continue;
    const same = byHash.get(input.hash);
    if (same === undefined) byHash.set(input.hash, [input]);
    else same.push(input);
  }
  return [...byHash.values()].filter(({ length }) => length > 1);
}

function describeInput(input: DeclaredInput): readonly string[] {
  switch (input.kind) {
    case 'file':
      return [input.path, 'file', input.hash];
    case 'link':
      return [input.path, 'link', input.target];
    case 'directory':
      return [input.path, 'directory'];
  }
}

/** The key of a compile's result, 64 hexadecimal digits: another one as soon as anything that it depends on differs. */
export function resultKey(facts: CompileFacts): string {
  const { identity, path, words, output, directory, environment } = facts;
  const inputs = [...facts.inputs].sort((one, other) => compare(one.path, other.path));
  // JSON says where each text ends.
  const text = JSON.stringify([
    keyFormat,
    identity,
    path,
    words,
    output,
    directory,
    sortedVariables(environment),
    inputs.map(describeInput),
    findTwins(inputs).map(twinTimes),
  ]);
  return createHash('sha256').update(text).digest('hex');
}
