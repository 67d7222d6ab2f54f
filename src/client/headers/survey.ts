import { stampsDigest } from '../../wire/agent/gate.ts';
import { stampLength } from '../../wire/agent/inputs.ts';
import type { Disk, ReadFile } from './disk.ts';
import type { Entry, FileFacts } from './entry.ts';
import { graphLimits } from './graph-limits.ts';
import type { HeaderGraph } from './header-graph.ts';
import type { Premise } from './inputs.ts';
import { keepBytes } from './kept-bytes.ts';
import { factsOf, searchedFor, sha256 } from './learn-file.ts';
import { MustPreprocess, Pace } from './pace.ts';
import { isUntrusted, isYoung, notedStamp, stampAt } from './stamp.ts';

/** Paths as `Disk.look` takes them. */
function terminated(paths: readonly string[]): Buffer {
  return Buffer.from(`${paths.join('\0')}\0`, 'latin1');
}

/** One job's view of the disk: what it wants to know is collected and asked for together. */
export class Survey {
  readonly graph: HeaderGraph;
  readonly pace = new Pace();
  readonly #disk: Disk;
  /** What this job has looked at, and what it has read. */
  readonly #seen = new Set<Entry>();
  readonly #read = new Set<Entry>();
  /** Directories whose names in vain this job has looked for. */
  readonly #searched = new Set<Entry>();
  /** Directories that have changed: their stamps, and the names that were looked for after that. */
  readonly #unsettled = new Map<Entry, { readonly stamp: Buffer; readonly now: number; readonly names: Set<string> }>();
  readonly #names = new Map<Entry, Set<string>>();
  readonly #looks = new Set<Entry>();
  readonly #links = new Set<Entry>();
  /** With the stamps that they had when they were wanted. */
  readonly #reads = new Map<Entry, Buffer>();
  #askedAgain = 0;
  /** What could not be read: perhaps it has just gone. */
  readonly #failed = new Set<Entry>();

  constructor(graph: HeaderGraph, disk: Disk) {
    this.graph = graph;
    this.#disk = disk;
  }

  get wants(): boolean {
    return this.#names.size + this.#looks.size + this.#links.size + this.#reads.size > 0;
  }

  /** Wants to know what is at a name that is not known yet. */
  wantName(directory: Entry, name: string): void {
    const names = this.#names.get(directory) ?? new Set();
    this.#names.set(directory, names.add(name));
  }

  wantTarget(link: Entry): void {
    this.#links.add(link);
  }

  wantFacts(file: Entry): void {
    this.#reads.set(file, file.stamp);
  }

  /** Runs the compiler, in the job's own directory. */
  async ask(argv: readonly string[]): ReturnType<Disk['ask']> {
    return this.pace.wait(this.#disk.ask(argv));
  }

  /** Gets all that is wanted. */
  async fetch(): Promise<void> {
    while (this.#looks.size + this.#names.size > 0) {
      await this.#lookAll();
      this.#settle();
    }
    await this.#readLinks();
    await this.#readFiles();
  }

  /** Whether this job has looked at an entry, and at what was looked for in vain there. */
  isSure(entry: Entry): boolean {
    return this.#seen.has(entry) && (entry.kind !== 'directory' || entry.calm || this.#searched.has(entry));
  }

  /** Wants to look at an entry again. */
  makeSure(entry: Entry): void {
    if (!this.#seen.has(entry)) this.#looks.add(entry);
    if (entry.kind === 'directory' && !entry.calm && !this.#searched.has(entry)) this.#wantAllNames(entry);
  }

  /** Makes sure of all that a job has used, in as few questions as it takes. */
  async verify(entries: Iterable<Entry>): Promise<void> {
    for (const entry of entries) {
      this.makeSure(entry);
      if (entry.kind === 'directory' || (!entry.young && !entry.stale) || this.#read.has(entry)) continue;
      if (entry.facts !== undefined) this.wantFacts(entry);
      else if (entry.target !== undefined) this.#links.add(entry);
    }
    while (this.wants) await this.fetch();
  }

  /** Forgets what it has looked at. */
  startAgain(): void {
    this.#seen.clear();
    this.#read.clear();
    this.#searched.clear();
  }

  /** What holds as long as all these entries are as they are. */
  static premiseFor(entries: readonly Entry[], listings: ReadonlySet<Entry>): Premise {
    const names = entries.flatMap((entry) =>
      entry.kind === 'directory' && !entry.calm
        ? [...(entry.names?.absent ?? [])].map((name) => entry.pathOf(name))
        : [],
    );
    // What a busy directory is called besides its names does not matter.
    const calm = entries.filter((entry) => entry.kind !== 'directory' || entry.calm || listings.has(entry));
    const absent = Buffer.alloc(stampLength);
    absent.writeUInt32LE(2, 0);
    const all = [...calm, ...names.map((path) => ({ path, stamp: absent }))];
    // Neighbours on the disk are neighbours in the kernel's memory: in this order looking takes a fifth less.
    all.sort((one, other) => (one.path < other.path ? -1 : 1));
    return {
      paths: keepBytes(terminated(all.map(({ path }) => path))),
      digest: keepBytes(stampsDigest(Buffer.concat(all.map(({ stamp }) => stamp)))),
    };
  }

  async holds({ paths, digest }: Premise): Promise<boolean> {
    return stampsDigest(await this.pace.wait(this.#disk.look(paths))).equals(digest);
  }

  #wantAllNames(directory: Entry): void {
    this.#searched.add(directory);
    for (const name of directory.names?.absent ?? []) this.wantName(directory, name);
  }

  async #lookAll(): Promise<void> {
    // Directories first: names are then looked for after the stamp that is to vouch for them.
    const entries = [...this.#looks].sort((a, b) => Number(b.kind === 'directory') - Number(a.kind === 'directory'));
    const asked = new Map(this.#names);
    const names = [...asked].flatMap(([directory, all]) => [...all].map((name) => ({ directory, name })));
    this.#looks.clear();
    this.#names.clear();
    if (entries.length + names.length === 0) return;
    const now = Date.now();
    /** What is known of each, or of the directory that the name is looked for in. */
    const known = [...entries, ...names.map(({ directory }) => directory)].map(({ stamp }) => stamp);
    const paths = [...entries.map(({ path }) => path), ...names.map(({ directory, name }) => directory.pathOf(name))];
    const answer = await this.pace.wait(this.#disk.look(terminated(paths)));
    const stamps = paths.map((path, place) => notedStamp(path, stampAt(answer, place)));
    const distrusted = stamps.findIndex(isUntrusted);
    if (distrusted !== -1)
      throw new MustPreprocess(`"${paths[distrusted]}" is on a file system whose times cannot be trusted`);
    const stampOf = (place: number): Buffer => stamps[place] ?? Buffer.alloc(0);
    for (const [place, entry] of entries.entries()) {
      const stamp = stampOf(place);
      if (entry.stamp === known[place] || entry.stamp.equals(stamp)) this.#note(entry, stamp, now, asked.get(entry));
      else this.#askAgain(() => this.#looks.add(entry));
    }
    for (const [place, { directory, name }] of names.entries()) {
      // What another job has found there will be looked at.
      if (directory.names?.present.has(name) === true) continue;
      if (directory.stamp !== known[entries.length + place]) this.#askAgain(() => this.wantName(directory, name));
      else {
        const entry = this.graph.meet(directory, name, stampOf(entries.length + place), now);
        if (entry !== undefined) this.#seen.add(entry);
      }
    }
  }

  /** Another job has learnt something meanwhile, and either may be newer: a launcher may have been stopped. */
  #askAgain(ask: () => void): void {
    this.#askedAgain += 1;
    if (this.#askedAgain > graphLimits.again) throw new MustPreprocess('its headers change too fast');
    ask();
  }

  /** `asked` are the names in a directory that were looked for after its stamp. */
  #note(entry: Entry, stamp: Buffer, now: number, asked: Iterable<string> = []): void {
    this.#seen.add(entry);
    const outcome = this.graph.look(entry, stamp, now);
    if (entry.kind === 'directory') {
      if (outcome === 'changed') this.#unsettled.set(entry, { stamp, now, names: new Set(asked) });
    } else if (entry.stale) {
      if (entry.facts === undefined) this.#links.add(entry);
      else this.wantFacts(entry);
    }
  }

  /**
   * A directory gets its new stamp when all names that were looked for in vain have been looked for after it: jobs that
   * see the old one until then have to look for them too.
   */
  #settle(): void {
    for (const [directory, { stamp, now, names }] of this.#unsettled) {
      const open = [...(directory.names?.absent ?? [])].filter((name) => !names.has(name));
      for (const name of open) {
        names.add(name);
        this.wantName(directory, name);
      }
      if (this.#names.has(directory)) continue;
      this.#unsettled.delete(directory);
      this.#searched.add(directory);
      this.graph.settle(directory, stamp, now);
    }
  }

  async #readLinks(): Promise<void> {
    const links = [...this.#links].filter(({ kind }) => kind === 'link');
    this.#links.clear();
    if (links.length === 0) return;
    const now = Date.now();
    const targets = await this.pace.wait(this.#disk.readLinks(links.map(({ path }) => path)));
    for (const [index, link] of links.entries()) {
      this.#read.add(link);
      const target = targets[index];
      if (target === undefined) this.#lookAgain(link);
      else this.graph.learnTarget(link, target, isYoung(link.stamp, now));
    }
  }

  /** Looks whether something is still there that could not be read. */
  #lookAgain(entry: Entry): void {
    if (this.#failed.has(entry)) throw new MustPreprocess(`"${entry.path}" cannot be read, is too large, or changes`);
    this.#failed.add(entry);
    this.#looks.add(entry);
    entry.stale = true;
  }

  async #readFiles(): Promise<void> {
    const { reading } = this.graph;
    const wanted = [...this.#reads].filter(([file, seen]) => file.kind === 'file' && !this.#isRead(file, seen));
    this.#reads.clear();
    // Each job has to read what is young.
    const others = wanted.filter(([file]) => !file.young && reading.isBegun(file));
    const own = wanted.filter(([file]) => file.young || !reading.isBegun(file));
    await this.#readOwn(own.map(([file]) => file));
    if (others.length === 0) return;
    await this.pace.wait(reading.wait(others.map(([file]) => file)));
    await this.#readOwn(others.flatMap(([file, seen]) => (this.#isRead(file, seen) ? [] : [file])));
  }

  /** Whether another job has read what this one has seen: that is like what an earlier one has read. */
  #isRead(file: Entry, seen: Buffer): boolean {
    const { facts, stale, young, stamp } = file;
    if (facts === undefined || stale || young || !stamp.equals(seen)) return false;
    return facts.searched === this.graph.macros.size || this.#searchAgain(file, facts);
  }

  async #readOwn(files: readonly Entry[]): Promise<void> {
    if (files.length === 0) return;
    const work = this.#readAll(files);
    this.graph.reading.begin(files, work);
    await work;
  }

  async #readAll(files: readonly Entry[]): Promise<void> {
    for (let from = 0; from < files.length; from += graphLimits.reads) {
      const some = files.slice(from, from + graphLimits.reads);
      const contents = await this.pace.wait(this.#disk.read(some.map(({ path }) => path)));
      for (const [index, file] of some.entries()) {
        const read = contents[index];
        this.#read.add(file);
        if (read === undefined) this.#lookAgain(file);
        else this.#learn(file, read);
        await this.pace.breathe();
      }
    }
  }

  /** Looks through what is kept of a text for more macros; false when it has to be read. */
  #searchAgain(file: Entry, facts: FileFacts): boolean {
    const directives = this.graph.directives.get(facts.input);
    if (directives === undefined) return false;
    this.pace.cold = true;
    this.pace.spend(directives.length * graphLimits.byteNs);
    this.graph.learn(file, searchedFor(this.graph.macros, facts, directives), false);
    return true;
  }

  #learn(file: Entry, read: ReadFile): void {
    const { stamp, bytes, young } = read;
    const { facts } = file;
    const macros = this.graph.macros;
    const known = facts?.input.stamp.equals(stamp) === true && facts.searched === macros.size;
    // Another job may have read it meanwhile.
    if (known && !young && !file.young) {
      file.stale = false;
      return;
    }
    const hash = sha256(bytes);
    if (known && facts.input.hash === hash) {
      this.graph.learn(file, facts, young);
      return;
    }
    this.pace.cold = true;
    this.pace.spend(graphLimits.fileNs + bytes.length * graphLimits.byteNs);
    this.graph.learn(file, factsOf(file, read, hash, this.graph), young);
  }
}
