import { lstatSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { bytesOf, pathBelow } from '../../system/byte-text.ts';
import type { DiskPath } from '../../system/byte-text.ts';
import { quoted } from '../../wire/quoted.ts';
import { Refusal } from '../policy/refusal.ts';
import type { ContentStore } from './content-store.ts';
import { directoriesAbove } from './directories-above.ts';
import { copyWithTime } from './file-copies.ts';
import { timeOnDisk } from './file-time.ts';
import type { DeclaredFile, DeclaredInput } from './declared-input.ts';
import { full, refusalOfSystem } from './room.ts';
import { layMountPoints, layTree } from '../../system/fence/mount-points.ts';
import type { Toolchain } from '../../system/fence/toolchain.ts';
import { refusalOfRoot } from '../policy/root-refusal.ts';

/** What a job sees of this machine over the client's files. */
export type MachineParts = Pick<Toolchain, 'shown' | 'links' | 'isShown'>;

/** What all trees together may have. */
export interface TreeTotals {
  entries: number;
  copies: number;
}

/** What one tree may have, and all of them. */
export interface TreeLimits {
  readonly entries: number;
  readonly allEntries: number;
  readonly copies: number;
  readonly allCopies: number;
}

type Entry =
  | { readonly kind: 'directory' }
  /** `text` is compared as it is. */
  | { readonly kind: 'link'; readonly text: string }
  /** What was declared; without a hash it is for one of this machine to be mounted on. */
  | { readonly kind: 'file'; readonly hash: string | undefined };

/** What a tree is made with. */
export interface TreeMeans {
  readonly store: ContentStore;
  readonly limits: TreeLimits;
  readonly totals: TreeTotals;
  /** Counts bytes of files for the client. @throws Refusal when it has too many */
  readonly charge: (bytes: number) => void;
}

const directory: Entry = { kind: 'directory' };
/** What each job's root has of its own. */
const reserved = /^\/(?:\.job|dev|proc|sys)(?:\/|$)/;
const longestName = 255;
/** What is left of the system's limit for paths after the name of a tree's folder. */
const longestPath = 3900;
/** Directories inside each other. */
const deepest = 128;

/**
 * A client's files on this machine, at their own paths below a folder. Where a path leads is decided by what is known
 * of the tree in memory: no link on the disk is followed, and a path that would go through one is refused. It only
 * grows.
 */
export class Tree {
  readonly path: string;
  readonly #store: ContentStore;
  readonly #limits: TreeLimits;
  readonly #totals: TreeTotals;
  readonly #charge: (bytes: number) => void;
  readonly #entries = new Map<string, Entry>([['/', directory]]);
  /** The first path of each content. */
  readonly #firsts = new Map<string, DeclaredFile>();
  /** Of these the few that are files of their own, with the client's time. */
  readonly #copied = new Set<DeclaredFile>();
  /** Of these the few that were declared with other times as well, before they had one. */
  readonly #retimed = new Set<DeclaredFile>();
  /** Of files of their own the times, by their paths. */
  readonly #times = new Map<string, bigint>();
  readonly #known = new WeakSet<MachineParts>();
  #copies = 0;
  #bytes = 0;

  /** @param path of an empty folder, on the file system of the store, without a name like it beside it */
  constructor(path: string, { store, limits, totals, charge }: TreeMeans) {
    this.path = path;
    this.#store = store;
    this.#limits = limits;
    this.#totals = totals;
    this.#charge = charge;
    layTree(path);
  }

  /** Lets go of what it counts for; its folder is for the owner to remove. */
  close(): void {
    for (const file of this.#firsts.values()) this.#store.release(file);
    this.#totals.entries -= this.#entries.size - 1;
    this.#totals.copies -= this.#copies;
    this.#charge(-this.#bytes);
    this.#entries.clear();
    this.#firsts.clear();
    this.#copied.clear();
    this.#retimed.clear();
    this.#times.clear();
  }

  /** Makes the mount points of what a compiler needs of this machine. @throws Refusal */
  addParts(parts: MachineParts): void {
    if (this.#known.has(parts)) return;
    try {
      layMountPoints(this.path, parts);
    } catch (error) {
      throw refusalOfRoot(error) ?? refusalOfSystem(error) ?? error;
    }
    for (const [path, text] of parts.links) this.#note(path, { kind: 'link', text });
    for (const path of parts.shown) {
      const isDirectory = lstatSync(this.path + path, { throwIfNoEntry: false })?.isDirectory();
      if (isDirectory !== undefined) this.#note(path, isDirectory ? directory : { kind: 'file', hash: undefined });
    }
    this.#known.add(parts);
  }

  /** What has been laid from outside; directories on the way too. What is there already was left as it was. */
  #note(path: string, entry: Entry): void {
    for (const above of directoriesAbove(path)) if (!this.#entries.has(above)) this.#set(above, directory);
    if (!this.#entries.has(path)) this.#set(path, entry);
  }

  #set(path: string, entry: Entry): void {
    if (!this.#entries.has(path)) this.#totals.entries += 1;
    this.#entries.set(path, entry);
  }

  /** Whether an input is there as it was declared. */
  has(input: DeclaredInput): boolean {
    const entry = this.#entries.get(input.path);
    if (entry === undefined) return false;
    switch (input.kind) {
      case 'directory':
        return entry.kind === 'directory';
      case 'link':
        return entry.kind === 'link' && entry.text === input.target;
      case 'file':
        return entry.kind === 'file' && entry.hash === input.hash && this.#hasTime(input);
    }
  }

  /** The time only matters where another file has the same content. */
  #hasTime({ path, mtimeNs }: DeclaredFile): boolean {
    const time = this.#times.get(path);
    return time === undefined || time === timeOnDisk(mtimeNs);
  }

  /** A file that is there alone may be declared with another time; until a second one has its content. */
  #noteTime(file: DeclaredFile): void {
    const first = this.#firsts.get(file.hash);
    if (first === undefined || first.path !== file.path || this.#copied.has(first)) return;
    if (timeOnDisk(first.mtimeNs) !== timeOnDisk(file.mtimeNs)) this.#retimed.add(first);
  }

  /**
   * Lays an input, of a file the content that the store has; false when the store has it no longer.
   * @throws Refusal for a path that leads through something else than directories, or is taken by something else
   */
  add(input: DeclaredInput): boolean {
    if (this.has(input)) {
      if (input.kind === 'file') this.#noteTime(input);
      return true;
    }
    try {
      switch (input.kind) {
        case 'directory':
          this.addDirectory(input.path);
          return true;
        case 'link':
          this.#make(input.path, { kind: 'link', text: input.target }, (place) =>
            symlinkSync(bytesOf(input.target), place),
          );
          return true;
        case 'file':
          return this.#addFile(input);
      }
    } catch (error) {
      throw refusalOfSystem(error) ?? error;
    }
  }

  /** Makes a directory and those above it. @throws Refusal */
  addDirectory(path: string): void {
    if (this.#entries.get(path)?.kind === 'directory') return;
    this.#make(path, directory, (place) => mkdirSync(place, 0o755));
  }

  /** Makes a job's directory; one that is reached by a link is made where that leads. @throws Refusal */
  addWorkingDirectory(path: string): void {
    for (const above of directoriesAbove(path)) if (this.#entries.get(above)?.kind === 'link') return;
    if (this.#entries.get(path)?.kind !== 'link') this.add({ kind: 'directory', path });
  }

  /** Makes something at a path where nothing is, below directories. */
  #make(path: string, entry: Entry, make: (place: DiskPath) => void): void {
    const place = this.#placeFor(path);
    if (this.#entries.size > this.#limits.entries) {
      throw new Refusal(
        'client_files',
        `a job may have ${this.#limits.entries} files and directories here: compile this file locally`,
      );
    }
    if (this.#totals.entries >= this.#limits.allEntries) throw full();
    make(place);
    this.#set(path, entry);
  }

  /** Where a path is on the disk; what is above it is made. */
  #placeFor(path: string): DiskPath {
    const found = this.#entries.get(path);
    if (found !== undefined) {
      throw new Refusal(
        'client_files',
        `${quoted(path)} is something else already in this generation of the client's files`,
      );
    }
    if (reserved.test(path))
      throw new Refusal('client_files', `${quoted(path)} cannot be sent: jobs have their own there`);
    const end = path.lastIndexOf('/');
    if (path.length > longestPath || path.length - end - 1 > longestName) {
      throw new Refusal(
        'client_files',
        `${quoted(path)} is too long a name for this server: compile this file locally`,
      );
    }
    if (path.split('/').length > deepest) {
      throw new Refusal('client_files', `${quoted(path)} is too deep for this server: compile this file locally`);
    }
    this.#requireDirectory(path.slice(0, end) || '/');
    return pathBelow(this.path, path);
  }

  #requireDirectory(path: string): void {
    const kind = this.#entries.get(path)?.kind;
    if (kind === 'link') throw new Refusal('client_files', `a path of the job goes through the link ${quoted(path)}`);
    if (kind === 'file') throw new Refusal('client_files', `a path of the job goes through the file ${quoted(path)}`);
    this.addDirectory(path);
  }

  #addFile(file: DeclaredFile): boolean {
    const first = this.#firsts.get(file.hash);
    if (first !== undefined) {
      // gcc takes two paths with the same time and content for one file, and clang two names of one file.
      if (this.#retimed.has(first)) {
        throw new Refusal(
          'client_files',
          `the time of ${quoted(first.path)} has changed in this generation of the client's files, ` +
            'and it has the content of another one',
        );
      }
      if (!this.#copied.has(first)) this.#copy(first, first, this.onDisk(first.path));
      this.#copied.add(first);
      this.#make(file.path, file, (place) => this.#copy(first, file, place));
      return true;
    }
    let placed = false;
    this.#make(file.path, file, (place) => {
      this.#charge(file.size);
      this.#bytes += file.size;
      placed = this.#store.place(file, place, this.#fresh);
    });
    if (placed) this.#firsts.set(file.hash, file);
    else if (this.#entries.delete(file.path)) this.#totals.entries -= 1;
    return placed;
  }

  /** Where a new file is until it has its content. */
  get #fresh(): string {
    return `${this.path}.new`;
  }

  /** Where a path of the client's is on this machine. */
  onDisk(path: string): DiskPath {
    return pathBelow(this.path, path);
  }

  /** Puts a file of its own at a place, with the client's time and the content of another one in this tree. */
  #copy(from: DeclaredFile, file: DeclaredFile, place: DiskPath): void {
    if (this.#copies + file.size > this.#limits.copies) {
      throw new Refusal('client_files', 'too many files of the job have the same content: compile this file locally');
    }
    if (this.#totals.copies + file.size > this.#limits.allCopies) throw full();
    copyWithTime(this.onDisk(from.path), this.#fresh, file.mtimeNs);
    renameSync(this.#fresh, place);
    this.#times.set(file.path, timeOnDisk(file.mtimeNs));
    this.#copies += file.size;
    this.#totals.copies += file.size;
  }
}
