import { Closure } from './closure.ts';
import { readCommand } from './command-words.ts';
import type { ScannedCommand } from './command-words.ts';
import { readLines } from './directives.ts';
import type { Disk } from './disk.ts';
import type { Entry } from './entry.ts';
import { graphLimits } from './graph-limits.ts';
import type { FoundRecord } from './found-record.ts';
import type { HeaderGraph } from './header-graph.ts';
import type { Found, HeaderJob, Input } from './inputs.ts';
import { MustPreprocess } from './pace.ts';
import { addListedFiles } from './recorded-list.ts';
import { ContextFinder, followAll, keyOf, namesInList } from './search-context.ts';
import type { OpenContext } from './search-context.ts';
import { identityOf } from './stamp.ts';
import { Survey } from './survey.ts';
import { Walk } from './walk.ts';

const keyOfCommand = (job: HeaderJob, { listing }: ScannedCommand): string =>
  keyOf(job, listing, ['SOURCE_DATE_EPOCH']);

/**
 * What an earlier job with the same command could read, without a look at the disk: so it is as long as its premise
 * holds. Undefined when it has to be looked for.
 */
export function recallInputs(job: HeaderJob, graph: HeaderGraph): Found | undefined {
  const command = readCommand(job.argv, job.source);
  if (typeof command === 'string') return undefined;
  const key = keyOfCommand(job, command);
  const record = graph.isCostly(key) ? undefined : graph.record(key);
  if (record?.kept === undefined || record.found.kind !== 'inputs') return undefined;
  graph.give(record);
  return { ...record.found, change: graph.change, premise: record.kept };
}

/**
 * Finds all that a compile may read. The disk is this job's, and is looked at after the job has come; the graph is kept
 * for all jobs of a user.
 */
export async function findInputs(job: HeaderJob, disk: Disk, graph: HeaderGraph): Promise<Found> {
  const command = readCommand(job.argv, job.source);
  if (typeof command === 'string') return { kind: 'preprocess', because: command };
  const key = keyOfCommand(job, command);
  if (graph.isCostly(key)) return { kind: 'preprocess', because: 'looking for its headers took too long before' };
  try {
    const found = await new Search({ job, command, key, survey: new Survey(graph, disk) }).find();
    return found.kind === 'inputs' ? { ...found, change: graph.change } : found;
  } catch (error) {
    if (!(error instanceof MustPreprocess)) throw error;
    if (error.forGood) graph.giveUp(key);
    return { kind: 'preprocess', because: error.message };
  }
}

const holds = ({ entries, versions, listings }: FoundRecord): boolean =>
  entries.every((entry, at) => entry.version === versions[at]) &&
  [...listings].every(([entry, stamp]) => entry.stamp.equals(stamp));

/** The ways to what is sent, and to what only the compiler itself depends on. */
interface Walks {
  readonly inputs: Walk;
  readonly compiler: Walk;
}

/** One search for a job's inputs. */
class Search {
  readonly #job: HeaderJob;
  readonly #command: ScannedCommand;
  readonly #key: string;
  readonly #survey: Survey;
  readonly #graph: HeaderGraph;

  constructor(what: { job: HeaderJob; command: ScannedCommand; key: string; survey: Survey }) {
    this.#job = what.job;
    this.#command = what.command;
    this.#key = what.key;
    this.#survey = what.survey;
    this.#graph = what.survey.graph;
  }

  async find(): Promise<Found> {
    const record = this.#graph.record(this.#key);
    if (record !== undefined && (await this.#isStillTrue(record))) return this.#give(record);
    for (let attempt = 0; attempt < graphLimits.attempts; attempt += 1) {
      // After a change nothing is sure about the paths that it leads to. What was seen may not be so any more, and what
      // another job tells meanwhile may be older than that.
      const strict = attempt > 0;
      if (strict) this.#survey.startAgain();
      const walks = {
        inputs: new Walk(this.#survey, { strict }),
        // Whoever looks for programs passes over directories without permission.
        compiler: new Walk(this.#survey, { strict, lenient: true }),
      };
      const fresh = await this.#tryScan(walks);
      if (fresh === undefined) continue;
      this.#graph.remember(this.#key, fresh);
      this.#keepPremise(fresh);
      return this.#give(fresh);
    }
    throw new MustPreprocess('its headers change too fast');
  }

  /** As #scan(); what was known before may be wrong, and then an obstacle may be none. */
  async #tryScan(walks: Walks): Promise<FoundRecord | undefined> {
    try {
      return await this.#scan(walks);
    } catch (error) {
      if (!(error instanceof MustPreprocess) || error.forGood || (await this.#holdTrue(walks))) throw error;
      return undefined;
    }
  }

  /** Makes sure of all that was used on the way. */
  async #holdTrue({ inputs, compiler }: Walks): Promise<boolean> {
    await this.#survey.verify([...inputs.used.keys(), ...compiler.used.keys()]);
    return inputs.holds && compiler.holds;
  }

  #give(record: FoundRecord): Found {
    this.#graph.give(record);
    return record.found;
  }

  async #isStillTrue(record: FoundRecord): Promise<boolean> {
    if (record.kept !== undefined && (await this.#survey.holds(record.kept))) return true;
    if (!holds(record)) return false;
    await this.#survey.verify(record.entries);
    if (!holds(record)) return false;
    this.#keepPremise(record);
    return true;
  }

  /** A premise serves as long as nothing in it has to be read again whatever its stamp says. */
  #keepPremise(record: FoundRecord): void {
    const usable = record.entries.every(({ young, stale, busy }) => !stale && (!young || busy));
    const premise = usable ? Survey.premiseFor(record.entries, new Set(record.listings.keys())) : undefined;
    this.#graph.keep(record, premise);
  }

  /** Scans as if nothing had been found before; undefined when something has changed since it was looked at. */
  async #scan(walks: Walks): Promise<FoundRecord | undefined> {
    const { inputs, compiler } = walks;
    const context = await new ContextFinder(this.#job, this.#survey, walks).open(this.#command);
    const listings = new Map(context.installations.map((entry) => [entry, entry.stamp]));
    const closure = await this.#close(inputs, context);
    if (!(await this.#holdTrue(walks))) return undefined;
    if (closure.obstacle === undefined && closure.unbounded !== undefined) {
      const about = { key: this.#key, command: this.#command, context, closure, survey: this.#survey };
      if (!(await addListedFiles(about)) || !(await this.#holdTrue(walks))) return undefined;
    }
    if (![...listings].every(([entry, stamp]) => entry.stamp.equals(stamp))) return undefined;
    const entries = [...new Set([...inputs.used.keys(), ...compiler.used.keys()])];
    const versions = Uint32Array.from(entries, ({ version }) => version);
    return {
      found: foundIn(closure, context),
      context: context.key,
      entries,
      versions,
      listings,
      kept: undefined,
      given: -1,
    };
  }

  /** clang takes one only for -include, and only where that leads from its own directory. */
  async #forbidPrecompiled(walk: Walk, directory: Entry): Promise<void> {
    const names = this.#command.forced.flatMap((name) => [`${name}.pch`, `${name}.gch`]);
    for (const place of await followAll(walk, this.#survey, directory, names))
      if (place !== 'absent') throw new MustPreprocess(`"${place.entry.path}" may be a precompiled header`);
  }

  async #close(walk: Walk, context: OpenContext): Promise<Closure> {
    const { list, places, settings } = context;
    const home = this.#job.environment['HOME'];
    const own = settings.find(({ path }) => home !== undefined && path.startsWith(`${home}/`));
    // A host's compiler has another home.
    if (own !== undefined) throw new MustPreprocess(`"${own.path}" has options for the compiler`);
    const { definitions, lines, obstacles, forced, language } = this.#command;
    const closure = new Closure(walk, this.#survey, places, {
      hasModules: language !== 'c',
      keepsDate: list.keepsDate && this.#job.environment['SOURCE_DATE_EPOCH'] !== undefined,
      bodiesOf: (macro) => [...(definitions.get(macro) ?? []), ...(list.definitions.get(macro) ?? [])],
      lines,
    });
    const { directory } = places;
    const [source] = await followAll(walk, this.#survey, directory, [this.#job.source]);
    if (source === undefined || source === 'absent' || source.entry.kind !== 'file')
      throw new MustPreprocess(`"${this.#job.source}" is not a plain file`);
    for (const name of list.implicit) {
      const names = namesInList(name, list);
      for (const angled of names.length === 0 ? [name] : names)
        closure.search({ purpose: 'include', form: 'angled', name: angled }, directory, 'the compiler');
    }
    for (const entry of settings) closure.addUnread(entry);
    closure.judge('the command line', obstacles);
    for (const reference of readLines(lines)) closure.search(reference, directory, 'the command line');
    for (const name of forced)
      closure.search({ purpose: 'include', form: 'quoted', name }, directory, 'the command line', !list.isClang);
    if (list.isClang) await this.#forbidPrecompiled(walk, directory);
    closure.visit(source.entry, source.directory, !list.isClang);
    await closure.complete();
    return closure;
  }
}

const byPath = (one: Input, other: Input): number => (one.path < other.path ? -1 : Number(one.path > other.path));

type InputFile = Extract<Input, { kind: 'file' }>;

/** Two names of one file: a host would have two, and clang takes them for one where `#pragma once` stands. */
function twoNames(files: readonly InputFile[]): readonly [InputFile, InputFile] | undefined {
  const known = new Map<string, InputFile>();
  for (const file of files) {
    const identity = identityOf(file.stamp);
    const other = known.get(identity);
    if (other !== undefined) return byPath(other, file) < 0 ? [other, file] : [file, other];
    known.set(identity, file);
  }
  return undefined;
}

function foundIn(closure: Closure, { directories, places, list }: OpenContext): Found {
  const { files, obstacle, unbounded, walk } = closure;
  if (obstacle !== undefined) return { kind: 'preprocess', because: obstacle };
  const links = [...walk.used.keys()].flatMap(({ kind, path, target }) =>
    kind === 'link' && target !== undefined ? [{ kind, path, target }] : [],
  );
  const all = new Set<Entry>([places.directory, ...directories, ...places.embedded, ...walk.crossed]);
  // Every host has a root.
  const folders = [...all].flatMap(({ kind, path }) => (kind === 'directory' && path !== '/' ? [{ kind, path }] : []));
  const texts = [...files.keys()].flatMap(({ facts }) => (facts === undefined ? [] : [facts.input]));
  const twins = list.isClang ? twoNames(texts) : undefined;
  if (twins !== undefined)
    return { kind: 'preprocess', because: `clang takes "${twins[0].path}" and "${twins[1].path}" for one file` };
  const inputs: Input[] = [...texts, ...links, ...folders].sort(byPath);
  return { kind: 'inputs', inputs, rung: unbounded === undefined ? 'scan' : 'list', change: 0, unbounded };
}
