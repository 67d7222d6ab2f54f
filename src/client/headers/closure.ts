import type { Purpose, Reference } from './directives.ts';
import type { Entry } from './entry.ts';
import { graphLimits } from './graph-limits.ts';
import { MacroNames } from './macro-names.ts';
import type { KnownMacros } from './macro-names.ts';
import { MustPreprocess } from './pace.ts';
import type { Survey } from './survey.ts';
import type { Obstacles } from './text-facts.ts';
import { Walk } from './walk.ts';
import type { Missing, Place } from './walk.ts';

/** Where a compile looks for what its texts name. */
export interface SearchPlaces {
  readonly directory: Entry;
  readonly quoted: readonly Entry[];
  readonly angled: readonly Entry[];
  readonly embedded: readonly Entry[];
}

/** What a command makes of texts. */
export interface Reading extends KnownMacros {
  /** Whether `import` and `module` may be directives. */
  readonly hasModules: boolean;
  /** Whether __DATE__ and __TIME__ are the same everywhere. */
  readonly keepsDate: boolean;
}

/** Something to look for from a file in that directory. */
interface Search {
  readonly reference: Reference;
  readonly from: Entry;
  /** For people: the file that names it. */
  readonly by: string;
  /** Whether it may be the first file that is read, for which gcc takes a precompiled header. */
  readonly first: boolean;
}

/** How many searches are done between two looks at the clock. */
const searchesAtOnce = 256;

/** All files that a compile may read, in whatever branch of its texts they are named. */
export class Closure {
  /** Each with whether its text was looked at. */
  readonly files = new Map<Entry, boolean>();
  /** Why it is not sure that these are all. */
  unbounded: string | undefined;
  /** From where files are included that only a preprocessor can name. */
  readonly unknown = new Map<string, { readonly purpose: Purpose; readonly from: Entry }>();
  /** Why the compile has to be preprocessed here. */
  obstacle: string | undefined;
  readonly walk: Walk;
  /** For places that may not have to be looked at: nothing depends on them. */
  readonly #ahead: Walk;
  readonly #survey: Survey;
  readonly #places: SearchPlaces;
  readonly #reading: Reading;
  #searches: Search[] = [];
  #visits: { readonly file: Entry; readonly from: Entry; readonly first: boolean }[] = [];
  readonly #visited = new Map<Entry, Set<Entry>>();
  readonly #sought = new Map<Entry | undefined, Set<Reference>>();
  readonly #soughtFirst = new Map<Entry | undefined, Set<Reference>>();
  readonly #computed: Search[] = [];

  constructor(walk: Walk, survey: Survey, places: SearchPlaces, reading: Reading) {
    this.walk = walk;
    this.#ahead = new Walk(survey, { lenient: true });
    this.#survey = survey;
    this.#places = places;
    this.#reading = reading;
  }

  /** Wants a file and all that it names, as included from a directory; `first` as in Search. */
  search(reference: Reference, from: Entry, by: string, first = false): void {
    // Where a search begins does not matter to names in "<...>", and what a macro names is looked for from everywhere.
    const anywhere = reference.form === 'text' || reference.form === 'asking';
    const where = anywhere || (reference.form === 'angled' && reference.purpose !== 'embed') ? undefined : from;
    const all = first ? this.#soughtFirst : this.#sought;
    const sought = all.get(where) ?? new Set();
    if (sought.has(reference)) return;
    all.set(where, sought.add(reference));
    this.#searches.push({ reference, from, by, first });
  }

  /** Adds a file with all that it names, which may be read first. */
  visit(file: Entry, from: Entry, first = false): void {
    this.#visits.push({ file, from, first });
  }

  /** Adds a file whose text does not matter. */
  add(file: Entry): void {
    if (!this.files.has(file)) this.files.set(file, false);
  }

  /** The same for one that may not have been read yet. */
  addUnread(file: Entry): void {
    this.add(file);
    if (file.facts === undefined) this.#survey.wantFacts(file);
  }

  /** Goes on until all is known, or it is known that this is in vain. */
  async complete(): Promise<void> {
    for (let round = 0; round < graphLimits.rounds; round += 1) {
      const idle = await this.#advance();
      if (this.obstacle !== undefined) return;
      if (this.#survey.wants) await this.#survey.fetch();
      else if (idle && !this.#compute()) return;
    }
    throw new MustPreprocess('its headers change too fast');
  }

  /** Does all that can be done without asking the disk; gives whether nothing is left. */
  async #advance(): Promise<boolean> {
    let busy = true;
    while (busy) {
      const visits = this.#visits;
      this.#visits = [];
      for (const visit of visits) if (!this.#read(visit.file, visit.from, visit.first)) this.#visits.push(visit);
      const searches = this.#searches;
      this.#searches = [];
      let found = 0;
      for (const [place, search] of searches.entries()) {
        if (this.#find(search)) found += 1;
        else this.#searches.push(search);
        if (place % searchesAtOnce === 0) await this.#survey.pace.breathe();
      }
      busy = this.obstacle === undefined && (found > 0 || this.#visits.length < visits.length);
    }
    return this.#visits.length + this.#searches.length === 0;
  }

  /** Takes up a file's references; false when its text is not known yet. */
  #read(file: Entry, from: Entry, first: boolean): boolean {
    this.walk.use(file);
    const { facts } = file;
    if (facts === undefined || file.stale) {
      this.#survey.wantFacts(file);
      return file.kind !== 'file';
    }
    const visited = this.#visited.get(file) ?? new Set();
    if (visited.has(from)) return true;
    this.#visited.set(file, visited.add(from));
    this.files.set(file, true);
    this.judge(file.path, facts.obstacles);
    for (const reference of facts.references) this.search(reference, from, file.path, first);
    return true;
  }

  /** Stops where a text has to be preprocessed here; `path` tells people which one. */
  judge(path: string, obstacles: Obstacles): void {
    const { hasModules, keepsDate } = this.#reading;
    if (obstacles.always !== undefined) this.obstacle ??= `"${path}" ${obstacles.always}`;
    if (obstacles.modules && hasModules) this.obstacle ??= `"${path}" has lines of modules`;
    if (obstacles.date && !keepsDate) this.obstacle ??= `"${path}" uses __DATE__ or __TIME__`;
  }

  /** Looks for what a text names; false when something about it is not known yet. */
  #find(search: Search): boolean {
    const { reference, from } = search;
    const { name, form, purpose } = reference;
    if (form !== 'quoted' && form !== 'angled') {
      if (form === 'unknown') this.#notBounded(search, name);
      else this.#computed.push(search);
      return true;
    }
    const { directory, quoted, angled, embedded } = this.#places;
    const all = purpose === 'next' || purpose === 'next exists';
    // A name in "<...>" is looked for in the list alone, even when that begins anew.
    const own = form === 'quoted' ? [from] : [];
    const rest =
      purpose === 'embed'
        ? [...embedded, ...quoted, ...angled]
        : form === 'quoted' || all
          ? [...quoted, ...angled]
          : angled;
    const alone = purpose === 'beside' || name.startsWith('/');
    const directories = purpose === 'line' ? [directory] : alone ? [from] : [...own, ...rest];
    // gcc looks for a precompiled header before it looks for the header.
    const precompiled = search.first && (purpose === 'include' || purpose === 'next') ? `${name}.gch` : undefined;
    let waiting = 0;
    for (const place of directories) {
      const walk = waiting === 0 || all ? this.walk : this.#ahead;
      if (precompiled !== undefined && !this.#knowsPrecompiled(walk, place, precompiled)) waiting += 1;
      const found = this.#fileIn(walk, place, search);
      if (found === 'wait') {
        waiting += 1;
        if (waiting >= graphLimits.ahead) return false;
      } else if (found !== 'absent') {
        if (waiting > 0 && !all) return false;
        this.#take(found, purpose);
        if (!all) return true;
      }
    }
    return waiting === 0;
  }

  /** Looks for a precompiled header; false when it is not known yet whether there is one. */
  #knowsPrecompiled(walk: Walk, directory: Entry, name: string): boolean {
    const place = walk.follow(directory, name);
    if (typeof place !== 'string' && walk === this.walk)
      this.obstacle ??= `"${place.entry.path}" may be a precompiled header`;
    return place !== 'wait';
  }

  #fileIn(walk: Walk, directory: Entry, { reference, by }: Search): Place | Missing {
    const place = walk.follow(directory, reference.name);
    if (typeof place === 'string') return place;
    if (place.entry.kind === 'file') return place;
    if (place.entry.kind === 'other' && place.entry.path !== '/dev/null' && walk === this.walk) {
      this.obstacle ??= `"${by}" names "${place.entry.path}", which is not a plain file`;
    }
    // A directory is passed over by the compiler.
    return 'absent';
  }

  #take({ entry, directory }: Place, purpose: string): void {
    if (purpose === 'include' || purpose === 'beside' || purpose === 'next') {
      this.visit(entry, directory);
    } else {
      this.addUnread(entry);
    }
  }

  #notBounded({ reference: { purpose }, from, by }: Search, text: string): void {
    const asks = purpose === 'exists' || purpose === 'next exists';
    if (asks) this.obstacle ??= `"${by}" asks whether a file is there that only a preprocessor can name: ${text}`;
    else if (purpose === 'line')
      this.obstacle ??= `"${by}" takes lines to be those of a file that only a preprocessor can name: ${text}`;
    else {
      this.unbounded ??= `"${by}" includes what only a preprocessor can name: ${text}`;
      this.unknown.set(`${purpose} ${from.path}`, { purpose, from });
    }
  }

  /** Works out the computed includes by all that is known of macros by now; gives whether there is more to do. */
  #compute(): boolean {
    if (this.#computed.length === 0) return false;
    if (this.#computed.length > graphLimits.computed) throw new MustPreprocess('too much is named by macros');
    const names = new MacroNames(this.#survey, this.files, this.#reading);
    const worked = this.#computed.map((search) => ({ search, ...names.work(search.reference) }));
    if (this.#survey.wants) return true;
    const before = this.#searches.length;
    for (const { search, headers, unbounded } of worked) {
      const { reference, by, first } = search;
      if (unbounded !== undefined) this.#notBounded(search, unbounded);
      // A name in a macro's body is one of the file in which that is used.
      const places = reference.form === 'text' ? this.#directoriesOfFiles() : [search.from];
      for (const header of headers) {
        const wanted = this.#survey.graph.referenceLike({ ...header, purpose: reference.purpose });
        for (const from of places) this.search(wanted, from, by, first);
      }
    }
    return this.#searches.length > before;
  }

  /** The directories that includes in files start from. */
  #directoriesOfFiles(): Iterable<Entry> {
    return new Set([...this.#visited.values()].flatMap((directories) => [...directories]));
  }
}
