import type { Entry } from './entry.ts';
import { graphLimits } from './graph-limits.ts';
import { MustPreprocess } from './pace.ts';
import type { Survey } from './survey.ts';

/** Nothing is there, or it is not known yet what is. */
export type Missing = 'absent' | 'wait';

/** Where a path leads. */
export interface Place {
  readonly entry: Entry;
  /** The directory that the last name was looked for in; an include in a file starts there. */
  readonly directory: Entry;
}

/** The names in a path. */
interface Split {
  readonly path: string;
  readonly parts: readonly string[];
}

/** Goes along paths as the kernel does, one name after the other, and notes all that the way depends on. */
export class Walk {
  readonly #survey: Survey;
  /** What is known from earlier jobs is looked at before it is believed, not afterwards. */
  readonly #strict: boolean;
  /** What cannot be looked at is as if it were not there. */
  readonly #lenient: boolean;
  /** What was used, with its version then. */
  readonly used = new Map<Entry, number>();
  /** Directories that a path has left by "..". */
  readonly crossed = new Set<Entry>();

  #split: Split = { path: '', parts: [] };
  #splitBefore: Split = this.#split;

  constructor(survey: Survey, { strict = false, lenient = false } = {}) {
    this.#survey = survey;
    this.#strict = strict;
    this.#lenient = lenient;
  }

  use(entry: Entry): void {
    if (!this.used.has(entry)) this.used.set(entry, entry.version);
  }

  /** Whether all is as it was when it was used. */
  get holds(): boolean {
    for (const [entry, version] of this.used) if (entry.version !== version) return false;
    return true;
  }

  /** Follows a path from a directory, or from the root when it is absolute. @throws MustPreprocess */
  follow(directory: Entry, path: string): Place | Missing {
    const place = this.#follow(directory, path, { links: 0 });
    if (typeof place !== 'string') this.use(place.entry);
    return place;
  }

  #follow(directory: Entry, path: string, trail: { links: number }): Place | Missing {
    let at = path.startsWith('/') ? this.#survey.graph.root : directory;
    let from = at;
    for (const name of this.#partsOf(path)) {
      if (at.kind !== 'directory') {
        this.use(at);
        return 'absent';
      }
      if (name === '' || name === '.') continue;
      from = at;
      if (name === '..') {
        this.crossed.add(at);
        this.use(at);
        at = at.parent ?? at;
        continue;
      }
      const next = this.#step(at, name, trail);
      if (typeof next === 'string') return next;
      at = next;
    }
    return { entry: at, directory: from };
  }

  #step(directory: Entry, name: string, trail: { links: number }): Entry | Missing {
    this.#survey.pace.spend(graphLimits.stepNs);
    const { names } = directory;
    const found = names?.present.get(name);
    if (found === undefined) {
      if (names?.absent.has(name) === true) {
        if (!this.#isSure(directory)) return 'wait';
        this.use(directory);
        if (!this.#lenient && names.denied.has(name))
          throw new MustPreprocess(`"${directory.pathOf(name)}" cannot be looked at`);
        return 'absent';
      }
      this.#survey.wantName(directory, name);
      return 'wait';
    }
    if (!this.#isSure(found)) return 'wait';
    if (found.kind !== 'link') return found;
    this.use(found);
    if (found.target === undefined || found.stale) {
      this.#survey.wantTarget(found);
      return 'wait';
    }
    trail.links += 1;
    if (trail.links > graphLimits.links) return 'absent';
    const end = this.#follow(directory, found.target, trail);
    return typeof end === 'string' ? end : end.entry;
  }

  /** The names in a path; one path, or two of them in turn, are mostly followed from several directories. */
  #partsOf(path: string): readonly string[] {
    if (this.#split.path === path) return this.#split.parts;
    const before = this.#splitBefore;
    this.#splitBefore = this.#split;
    this.#split = before.path === path ? before : { path, parts: path.split('/') };
    return this.#split.parts;
  }

  #isSure(entry: Entry): boolean {
    if (!this.#strict || this.#survey.isSure(entry)) return true;
    this.#survey.makeSure(entry);
    return false;
  }
}
