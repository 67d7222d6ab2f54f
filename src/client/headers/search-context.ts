import type { ScannedCommand } from './command-words.ts';
import type { SearchPlaces } from './closure.ts';
import type { Entry } from './entry.ts';
import type { HeaderJob } from './inputs.ts';
import { MustPreprocess } from './pace.ts';
import { readSearchList } from './search-list.ts';
import type { SearchList } from './search-list.ts';
import type { Survey } from './survey.ts';
import type { Missing, Place, Walk } from './walk.ts';

/** What a compiler has said of its search list, kept for all commands that it holds for. */
export interface SearchContext {
  readonly list: SearchList;
  /** All on the disk that it depends on, as one text. */
  readonly signature: string;
}

/** A search list as the disk is now. */
export interface OpenContext {
  readonly key: string;
  readonly list: SearchList;
  readonly places: SearchPlaces;
  /** The compiler's files of options. */
  readonly settings: readonly Entry[];
  /** Directories that the compiler searches, or would if another name did not lead there. */
  readonly directories: readonly Entry[];
  /** Directories of which every change may give another list. */
  readonly installations: readonly Entry[];
}

/** What a search list is asked about. */
interface About {
  readonly key: string;
  readonly directory: Entry;
  /** The compiler's program. */
  readonly compiler: Entry | undefined;
}

/** Variables by which a compiler finds other headers, or another compiler is found. */
const searchVariables = [
  'CCC_OVERRIDE_OPTIONS',
  'COMPILER_PATH',
  'CPATH',
  'CPLUS_INCLUDE_PATH',
  'C_INCLUDE_PATH',
  'GCC_EXEC_PREFIX',
  'OBJCPLUS_INCLUDE_PATH',
  'OBJC_INCLUDE_PATH',
  'PATH',
  'SDKROOT',
] as const;

/** Words with the directory and variables that make the same of them, as a key. */
export function keyOf(job: HeaderJob, words: readonly string[], more: readonly string[] = []): string {
  const variables = [...searchVariables, ...more].map((name) => job.environment[name] ?? '\x01');
  return [job.directory, ...variables, ...words].join('\0');
}

/** Follows paths from a directory until it is known where all of them lead. */
export async function followAll(
  walk: Walk,
  survey: Survey,
  directory: Entry,
  paths: readonly string[],
): Promise<readonly (Place | 'absent')[]> {
  const isKnown = (place: Place | Missing): place is Place | 'absent' => place !== 'wait';
  for (;;) {
    const places = paths.map((path) => walk.follow(directory, path));
    const known = places.filter(isKnown);
    if (known.length === places.length) return known;
    await survey.fetch();
  }
}

const entriesOf = (places: readonly (Place | 'absent')[]): Entry[] =>
  places.flatMap((place) => (place === 'absent' ? [] : [place.entry]));

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** Whether a name on the way to a path that leads nowhere is something else than a directory. */
async function isObstructed(walk: Walk, survey: Survey, directory: Entry, path: string): Promise<boolean> {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const [place] = await followAll(walk, survey, directory, [path.slice(0, end)]);
    if (place !== undefined && place !== 'absent') return place.entry.kind !== 'directory';
  }
  return false;
}

/** Finds search lists; what only the compiler itself depends on goes to a walk of its own, for it is not sent. */
export class ContextFinder {
  readonly #job: HeaderJob;
  readonly #survey: Survey;
  readonly #walk: Walk;
  readonly #compilerWalk: Walk;

  constructor(job: HeaderJob, survey: Survey, walks: { readonly inputs: Walk; readonly compiler: Walk }) {
    this.#job = job;
    this.#survey = survey;
    this.#walk = walks.inputs;
    this.#compilerWalk = walks.compiler;
  }

  /** @throws MustPreprocess when the compiler does not give a list that is true */
  async open(command: ScannedCommand): Promise<OpenContext> {
    const { graph } = this.#survey;
    const [start] = await followAll(this.#walk, this.#survey, graph.root, [this.#job.directory]);
    if (start === undefined || start === 'absent' || start.entry.kind !== 'directory')
      throw new MustPreprocess(`its directory "${this.#job.directory}" is not there`);
    const directory = start.entry;
    const key = keyOf(this.#job, command.question);
    const compiler = await this.#findCompiler(directory, command.question[0] ?? '');
    const about = { key, directory, compiler };
    const known = await this.#openKnown(command, about);
    if (known !== undefined) return known;
    // Another job may be asking just now: what that learns is like what an earlier one has.
    if (graph.asking.isBegun(key)) {
      await this.#survey.pace.wait(graph.asking.wait([key]));
      const told = await this.#openKnown(command, about);
      if (told !== undefined) return told;
    }
    const asked = this.#ask(command, about);
    graph.asking.begin([key], asked);
    return asked;
  }

  /** The search list that an earlier job has learnt, if it is still true. */
  async #openKnown(command: ScannedCommand, about: About): Promise<OpenContext | undefined> {
    const known = this.#survey.graph.contexts.get(about.key);
    if (known === undefined) return undefined;
    const open = await this.#open(command, { ...about, list: known.list });
    return open.context?.signature === known.signature ? open.found : undefined;
  }

  async #ask(command: ScannedCommand, about: About): Promise<OpenContext> {
    const answer = readSearchList(await this.#survey.ask(command.question));
    if (typeof answer === 'string') throw new MustPreprocess(answer);
    const { context, found } = await this.#open(command, { ...about, list: answer });
    if (context === undefined) throw new MustPreprocess('its directories of headers change too fast');
    this.#survey.graph.rememberContext(about.key, context);
    return found;
  }

  /** The compiler's own program, as the job's PATH has it. */
  async #findCompiler(directory: Entry, name: string): Promise<Entry | undefined> {
    const folders = (this.#job.environment['PATH'] ?? '').split(':');
    const paths = name.includes('/') ? [name] : folders.map((folder) => `${folder === '' ? '.' : folder}/${name}`);
    for (const path of paths) {
      const [place] = await followAll(this.#compilerWalk, this.#survey, directory, [path]);
      if (place !== undefined && place !== 'absent' && place.entry.kind === 'file') return place.entry;
    }
    return undefined;
  }

  /** Looks at all that a list names; the context is undefined when the list is not true. */
  async #open(
    command: ScannedCommand,
    { key, list, directory, compiler }: About & { readonly list: SearchList },
  ): Promise<{ readonly context: SearchContext | undefined; readonly found: OpenContext }> {
    const inputs = async (paths: readonly string[]): Promise<readonly (Place | 'absent')[]> =>
      followAll(this.#walk, this.#survey, directory, paths);
    const [quoted, angled, missing, named, embedded] = [
      await inputs(list.quoted),
      await inputs(list.angled),
      await inputs(list.missing),
      await inputs(list.named),
      await inputs(command.embedDirectories),
    ];
    const follow = async (paths: readonly string[]): Promise<Entry[]> =>
      entriesOf(await followAll(this.#compilerWalk, this.#survey, directory, paths));
    const programs = await follow(list.programs);
    const installations = await follow(list.installations);
    const searched = unique(entriesOf([...quoted, ...angled, ...named]));
    const places = {
      directory,
      quoted: unique(entriesOf(quoted)),
      angled: unique(entriesOf(angled)),
      embedded: unique(entriesOf(embedded)),
    };
    const settings = entriesOf(await inputs(list.settings));
    const found = { key, list, places, settings, directories: searched, installations };
    let isObstacle = false;
    if (!list.isClang)
      for (const path of list.missing) isObstacle ||= await isObstructed(this.#walk, this.#survey, directory, path);
    const isTrue =
      // gcc fails where a directory of headers would be below a file.
      !isObstacle &&
      [...quoted, ...angled].every((place) => place !== 'absent' && place.entry.kind === 'directory') &&
      // clang ignores what is not a directory as if it were not there.
      missing.every((place) => place === 'absent' || place.entry.kind !== 'directory');
    if (!isTrue) return { context: undefined, found };
    const stamped = [...(compiler === undefined ? [] : [compiler]), ...programs, ...installations];
    const signature = [
      ...stamped.map(({ path, stamp }) => `${path} ${stamp.toString('hex')}`),
      ...[...quoted, ...angled, ...named, ...missing].map((place) =>
        place === 'absent' ? '' : `${place.entry.kind} ${place.entry.path}`,
      ),
    ].join('\n');
    return { context: { list, signature }, found };
  }
}

/** The names by which `#include <...>` finds a file of that path, as the compiler spells it. */
export function namesInList(path: string, { quoted, angled }: SearchList): string[] {
  return unique([...quoted, ...angled])
    .map((directory) => (directory.endsWith('/') ? directory : `${directory}/`))
    .filter((start) => path.startsWith(start))
    .map((start) => path.slice(start.length));
}
