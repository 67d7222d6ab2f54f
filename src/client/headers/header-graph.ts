import type { Reference } from './directives.ts';
import { Entry, Names } from './entry.ts';
import type { FileFacts } from './entry.ts';
import { costOf, costOfFacts } from './found-record.ts';
import type { FoundRecord } from './found-record.ts';
import { graphLimits } from './graph-limits.ts';
import { keepBytes } from './kept-bytes.ts';
import { SharedWork } from './shared-work.ts';
import { isDenied, isYoung, kindOf } from './stamp.ts';
import { RecentTexts } from './recent-texts.ts';
import type { SearchContext } from './search-context.ts';
import type { RecordedList } from './recorded-list.ts';
import { WantedMacros } from './wanted-macros.ts';

/** What hosts keep of a time in ns. */
const keptTime = (time: bigint): bigint => time / 1000n;

/** Of `graphLimits`, those that a graph holds itself to. */
export type GraphLimits = Readonly<Record<'files' | 'bytes' | 'keptBytes' | 'contexts', number>>;

/** What is known of the files of one user's compiles; kept across jobs, and bounded. */
export class HeaderGraph {
  readonly root = new Entry('/', undefined);
  /** As `Found` has it. */
  change = 0;
  /** Macros that name files. */
  readonly macros = new WantedMacros(graphLimits.macros);
  readonly contexts = new Map<string, SearchContext>();
  readonly lists = new Map<string, RecordedList>();
  /** Directive lines by the input of their file: another macro may have to be looked for in them. */
  readonly directives = new RecentTexts<string>(graphLimits.directivesLength);
  /** Contents by their input, which a host may ask for soon. */
  readonly contents = new RecentTexts<Buffer>(graphLimits.contentsLength);
  /** Files that jobs are reading just now. */
  readonly reading = new SharedWork<Entry>();
  /** Search lists that compilers are asked for just now, by their keys. */
  readonly asking = new SharedWork<string>();
  readonly #records = new Map<string, FoundRecord>();
  /** Each reference once, however many texts have it. */
  readonly #references = new Map<string, Reference>();
  /** Commands that took too long. */
  readonly #costly = new Set<string>();
  #bytes = 0;
  #files = 0;
  #keptBytes = 0;

  readonly #limits: GraphLimits;

  constructor(limits: GraphLimits = graphLimits) {
    this.#limits = limits;
    this.root.kind = 'directory';
    this.root.names = new Names();
  }

  /** Notes what is at a name that was unknown or looked for in vain; undefined when nothing is. */
  meet(directory: Entry, name: string, stamp: Buffer, nowMs: number): Entry | undefined {
    const { names } = directory;
    if (names === undefined || names.present.has(name)) return undefined;
    if (kindOf(stamp) === 'absent') {
      if (!names.absent.has(name)) this.#bytes += graphLimits.nameCost + name.length;
      names.absent.add(name);
      if (isDenied(stamp) !== names.denied.has(name)) this.#noteDenied(directory, name, stamp);
      return undefined;
    }
    names.denied.delete(name);
    if (names.absent.delete(name)) {
      directory.version += 1;
      this.change += 1;
    }
    const entry = new Entry(directory.pathOf(name), directory);
    names.present.set(name, entry);
    this.#bytes += graphLimits.entryCost + entry.path.length;
    this.#become(entry, stamp, nowMs);
    return entry;
  }

  /**
   * Notes what was seen of a known entry. What has to be read again is stale afterwards. A directory that has changed
   * keeps its stamp until settle(): the names that were looked for in vain have to be looked for again.
   */
  look(entry: Entry, stamp: Buffer, nowMs: number): 'same' | 'changed' {
    if (stamp.equals(entry.stamp)) {
      if (entry.kind === 'directory' && entry.young) entry.young = isYoung(stamp, nowMs);
      return 'same';
    }
    const kind = kindOf(stamp);
    if (kind !== entry.kind) {
      this.change += 1;
      entry.version += 1;
      if (kind === 'absent') this.#vanish(entry, stamp);
      else this.#become(entry, stamp, nowMs);
      return 'changed';
    }
    if (kind === 'directory') return 'changed';
    entry.stamp = keepBytes(stamp);
    if (entry.facts === undefined && entry.target === undefined) {
      entry.version += 1;
    } else {
      entry.stale = true;
    }
    return 'changed';
  }

  /** All names that were looked for in vain in a directory were looked for again after it had this stamp. */
  settle(directory: Entry, stamp: Buffer, nowMs: number): void {
    if (directory.names === undefined) return;
    if (!stamp.equals(directory.stamp)) {
      directory.names.changes += 1;
      directory.stamp = keepBytes(stamp);
    }
    directory.young = isYoung(stamp, nowMs);
  }

  #become(entry: Entry, stamp: Buffer, nowMs: number): void {
    const kind = kindOf(stamp);
    if (entry.facts !== undefined) this.#files -= 1;
    entry.kind = kind === 'absent' ? 'unknown' : kind;
    entry.stamp = keepBytes(stamp);
    entry.young = isYoung(stamp, nowMs);
    entry.facts = undefined;
    entry.target = undefined;
    entry.stale = false;
    entry.names = kind === 'directory' ? new Names() : undefined;
  }

  #noteDenied(directory: Entry, name: string, stamp: Buffer): void {
    directory.version += 1;
    if (isDenied(stamp)) directory.names?.denied.add(name);
    else directory.names?.denied.delete(name);
  }

  #vanish(entry: Entry, stamp: Buffer): void {
    if (entry.facts !== undefined) this.#files -= 1;
    entry.kind = 'unknown';
    entry.facts = undefined;
    entry.target = undefined;
    entry.names = undefined;
    const { parent } = entry;
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    if (parent?.names?.present.get(name) !== entry) return;
    parent.names.present.delete(name);
    parent.names.absent.add(name);
    if (isDenied(stamp)) this.#noteDenied(parent, name, stamp);
  }

  /** Another content or time at a path is a change only when a job of this generation was told of the old one. */
  #replace(entry: Entry): void {
    if (entry.given === this.change) this.change += 1;
  }

  /** Notes that a job is told of all that a record has. */
  give(record: FoundRecord): void {
    if (record.given === this.change) return;
    record.given = this.change;
    for (const entry of record.entries) entry.given = this.change;
  }

  /** Notes what a file holds. */
  learn(entry: Entry, facts: FileFacts, young: boolean): void {
    const before = entry.facts;
    if (before === undefined) this.#files += 1;
    else if (before.input.hash !== facts.input.hash) {
      entry.version += 1;
      this.#replace(entry);
    } else if (!before.input.stamp.equals(facts.input.stamp)) {
      entry.version += 1;
      // A host has files of one content with the times that they have here.
      if (keptTime(before.input.mtimeNs) !== keptTime(facts.input.mtimeNs)) this.#replace(entry);
    }
    this.#bytes += costOfFacts(facts) - (before === undefined ? 0 : costOfFacts(before));
    entry.facts = facts;
    entry.stamp = facts.input.stamp;
    entry.young = young;
    entry.stale = false;
  }

  /** Notes where a link leads. */
  learnTarget(entry: Entry, target: string, young: boolean): void {
    if (entry.target !== undefined && target !== entry.target) {
      entry.version += 1;
      this.#replace(entry);
    }
    entry.target = target;
    entry.young = young;
    entry.stale = false;
  }

  /** The same object for the same reference; its name is a text of its own, not a part of a longer one. */
  referenceLike(reference: Reference): Reference {
    const key = `${reference.purpose} ${reference.form} ${reference.name}`;
    const known = this.#references.get(key);
    if (known !== undefined) return known;
    if (this.#references.size >= graphLimits.references) this.#references.clear();
    const name = Buffer.from(reference.name, 'latin1').toString('latin1');
    const own = { ...reference, name };
    this.#references.set(`${own.purpose} ${own.form} ${name}`, own);
    return own;
  }

  record(key: string): FoundRecord | undefined {
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    this.#records.delete(key);
    this.#records.set(key, record);
    return record;
  }

  remember(key: string, record: FoundRecord): void {
    this.forget(key);
    this.#records.set(key, record);
    this.#bytes += costOf(key, record);
    this.#bound();
  }

  forget(key: string): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    this.#records.delete(key);
    this.#bytes -= costOf(key, record);
    this.keep(record, undefined);
  }

  /** Keeps a record's question and answer, as long as there is room for such. */
  keep(record: FoundRecord, kept: FoundRecord['kept']): void {
    const size = (one: FoundRecord['kept']): number => (one === undefined ? 0 : one.paths.length);
    this.#keptBytes += size(kept) - size(record.kept);
    record.kept = kept;
    for (const other of this.#records.values()) {
      if (this.#keptBytes <= this.#limits.keptBytes) break;
      if (other === record) continue;
      this.#keptBytes -= size(other.kept);
      other.kept = undefined;
    }
  }

  isCostly(key: string): boolean {
    return this.#costly.has(key);
  }

  /** Notes a command that is not worth another try as long as the agent lives. */
  giveUp(key: string): void {
    if (this.#costly.size < graphLimits.costly) this.#costly.add(key);
  }

  /** Puts a value in a bounded map, the oldest one out. */
  static put<T>(map: Map<string, T>, key: string, value: T, most: number): string | undefined {
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size <= most || oldest === undefined) return undefined;
    map.delete(oldest);
    return oldest;
  }

  rememberContext(key: string, context: SearchContext): void {
    const gone = HeaderGraph.put(this.contexts, key, context, this.#limits.contexts);
    if (gone === undefined) return;
    for (const [name, record] of this.#records) if (record.context === gone) this.forget(name);
  }

  /** What the agent says of itself. */
  get size(): { readonly files: number; readonly bytes: number; readonly records: number } {
    return { files: this.#files, bytes: this.#bytes + this.#keptBytes, records: this.#records.size };
  }

  /** Past its bounds, forgets the older half of the records and what only they have used. */
  #bound(): void {
    if (this.#files <= this.#limits.files && this.#bytes <= this.#limits.bytes) return;
    const names = [...this.#records.keys()];
    for (const name of names.slice(0, Math.ceil(names.length / 2))) this.forget(name);
    const used = new Set<Entry>();
    this.#bytes = 0;
    this.#files = 0;
    for (const [key, record] of this.#records) {
      this.#bytes += costOf(key, record);
      for (const entry of record.entries) used.add(entry);
    }
    this.#prune(this.root, used);
    // What goes may have been looked for in vain, and nobody would notice that it came to be.
    this.change += 1;
  }

  /** Takes away what is not used, counts the rest, and gives whether anything in the directory stays. */
  #prune(directory: Entry, used: ReadonlySet<Entry>): boolean {
    const { names } = directory;
    if (names === undefined) return false;
    for (const [name, entry] of names.present) {
      if (!this.#prune(entry, used) && !used.has(entry)) {
        names.present.delete(name);
        continue;
      }
      this.#bytes += graphLimits.entryCost + entry.path.length;
      if (entry.facts === undefined) continue;
      this.#files += 1;
      this.#bytes += costOfFacts(entry.facts);
    }
    if (!used.has(directory)) {
      names.absent.clear();
      names.denied.clear();
    }
    for (const name of names.absent) this.#bytes += graphLimits.nameCost + name.length;
    return names.present.size > 0;
  }
}
