import { createHash } from 'node:crypto';
import type { Closure } from './closure.ts';
import type { ScannedCommand } from './command-words.ts';
import type { Reference } from './directives.ts';
import type { Entry } from './entry.ts';
import { readDependencyRule } from '../../compiler/content/dependency-rule.ts';
import { graphLimits } from './graph-limits.ts';
import { HeaderGraph } from './header-graph.ts';
import { MustPreprocess } from './pace.ts';
import { followAll, namesInList } from './search-context.ts';
import type { OpenContext } from './search-context.ts';
import type { Survey } from './survey.ts';

/** What a compiler has listed by `-M`, and what it goes with. */
export interface RecordedList {
  readonly names: readonly string[];
  /** SHA-256 over the directives of all files that were scanned or listed. */
  readonly fingerprint: string;
}

/** A compile whose headers only its preprocessor can tell, and what the scanner has found of them. */
interface Unbounded {
  readonly key: string;
  readonly command: ScannedCommand;
  readonly context: OpenContext;
  readonly closure: Closure;
  readonly survey: Survey;
}

/** Directives alone decide which files are read: other lines may change. */
function fingerprintOf({ files }: Closure): string {
  const lines = [...files].map(([file, scanned]) => (scanned ? `${file.path} ${file.facts?.directives}` : file.path));
  const hash = createHash('sha256');
  for (const line of lines.sort()) hash.update(`${line}\0`);
  return hash.digest('hex');
}

/**
 * Looks for names as the compiler did, because another file may come to be where it has looked before. It does not tell
 * which file includes which: every include that only it could work out may stand for every name.
 */
async function searchAll({ closure, context, survey }: Unbounded, names: readonly string[]): Promise<void> {
  const { list, places } = context;
  // clang may give a directory that has two names under either.
  const spelled = { ...list, angled: [...list.angled, ...list.named] };
  const inList = names.flatMap((by) => namesInList(by, spelled).map((name) => ({ name, by })));
  const search = (reference: Reference, from: Entry, by: string): void =>
    closure.search(survey.graph.referenceLike(reference), from, by);
  for (const { name, by } of inList) search({ purpose: 'include', form: 'angled', name }, places.directory, by);
  const beside = (from: Entry): void => {
    for (const { name, by } of inList) search({ purpose: 'beside', form: 'quoted', name }, from, by);
  };
  for (const directory of places.quoted) beside(directory);
  // What is found may include more.
  for (let known = -1; known < closure.unknown.size;) {
    known = closure.unknown.size;
    for (const { purpose, from } of closure.unknown.values()) {
      if (purpose === 'include') beside(from);
      else for (const { name, by } of inList) search({ purpose, form: 'quoted', name }, from, by);
    }
    await closure.complete();
  }
}

/** Adds listed files, and what they name. False when one of them is not there. */
async function addAll(unbounded: Unbounded, names: readonly string[]): Promise<boolean> {
  const { closure, context, survey } = unbounded;
  const places = await followAll(closure.walk, survey, context.places.directory, names);
  const files = places.flatMap((place) => (place === 'absent' || place.entry.kind !== 'file' ? [] : [place]));
  if (files.length < names.length) return false;
  for (const { entry, directory: from } of files) closure.visit(entry, from);
  await closure.complete();
  await searchAll(unbounded, names);
  return true;
}

/**
 * Adds to what the scanner has found all that the compiler lists, which is asked once, and again when a directive has
 * changed. False when what was found is not true any more: all has to be scanned again.
 *
 * @throws MustPreprocess when the compiler has no list
 */
export async function addListedFiles(unbounded: Unbounded): Promise<boolean> {
  const { key, command, closure, survey } = unbounded;
  const { lists } = survey.graph;
  const known = lists.get(key);
  if (known !== undefined) {
    const holds = (await addAll(unbounded, known.names)) && fingerprintOf(closure) === known.fingerprint;
    if (!holds) lists.delete(key);
    return holds;
  }
  // What changes while the compiler looks has to be noticed afterwards.
  survey.startAgain();
  const { status, stdout } = await survey.ask(command.listing);
  const names = status === 0 ? readDependencyRule(stdout.toString('latin1')) : undefined;
  if (names === undefined) throw new MustPreprocess('the compiler does not list its headers');
  if (!(await addAll(unbounded, names))) return false;
  HeaderGraph.put(lists, key, { names, fingerprint: fingerprintOf(closure) }, graphLimits.lists);
  return true;
}
