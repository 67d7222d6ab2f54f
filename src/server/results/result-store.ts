import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { systemReason } from '../../system/error-text.ts';
import { tryLock } from '../../system/files/file-lock.ts';
import { removeQuietly } from '../../system/files/remove-quietly.ts';
import type { FileLock } from '../../system/files/file-lock.ts';
import { steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';
import type { TreeCompiled } from '../job/run-tree-job.ts';
import { BrokenResult, keptLength, openResult, writeResult } from './kept-result.ts';

/** Results by their keys, wherever they are kept. */
export interface KeptResults {
  /** The result of a key, for the caller to close; undefined when there is none, or none that can be had. */
  get(key: string): Promise<TreeCompiled | undefined>;
  /**
   * Keeps a successful result, if that can be done, and tells whether it was; the caller's files stay the caller's. It
   * never rejects.
   */
  put(key: string, result: TreeCompiled): Promise<boolean>;
}

/** How much a store may take. */
export interface ResultLimits {
  /** Bytes of all files. */
  readonly quota: number;
  /** How many there may be: each takes memory. */
  readonly results: number;
  /** Bytes that are being written at a time; what comes meanwhile is not kept. */
  readonly writing: number;
}

/** The limits for a store of this size, in bytes. */
export const planResults = (quota: number): ResultLimits => ({
  quota,
  results: 131_072,
  writing: Math.min(quota / 4, 128 * 1024 * 1024),
});

interface Entry {
  readonly size: number;
  /** When its file was last marked as used, in ms since 1970. */
  marked: number;
}

const isKey = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);
const lockName = 'lock';
const blockLength = 4096;
/** How often the time of a file's last use is written down, in ms. */
const markMs = 600_000;
/** After a failure nothing is kept for this long, in ms: a full disk is not asked again for each job. */
const pauseMs = 60_000;

/** What a file takes of a disk. */
const onDisk = (size: number): number => Math.ceil(size / blockLength) * blockLength;

/** Another process keeps its results in the folder. */
class FolderInUse extends Error {
  constructor(folder: string) {
    super(`another daemon keeps its results in "${folder}"`);
    this.name = 'FolderInUse';
  }
}

/**
 * Results on this machine's disk, each in a file whose name is its key. What was not used for longest goes when there is
 * no room. What is broken is a miss, and removed. Whatever fails here only costs time: it is told, and nobody's job
 * knows of it.
 */
export class ResultStore implements KeptResults {
  readonly #folder: string;
  readonly #limits: ResultLimits;
  readonly #lock: FileLock;
  readonly #trouble: (sentence: string) => void;
  readonly #now: Clock;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  /** Keys and lengths of what is being written. */
  readonly #writing = new Map<string, number>();
  #used = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /**
   * Takes what a folder has, and makes it when it is missing.
   * @param trouble is told, at most once a minute, why nothing is kept
   * @throws FolderInUse, UnsafeFile, the system's error
   */
  constructor(folder: string, limits: ResultLimits, trouble: (sentence: string) => void, now = steadyClock) {
    this.#folder = folder;
    this.#limits = limits;
    this.#trouble = trouble;
    this.#now = now;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    requireOwn(folder);
    const lock = tryLock(this.#path(lockName));
    if (lock === undefined) throw new FolderInUse(folder);
    this.#lock = lock;
    this.#scan();
  }

  /** Bytes of all files, and how many there are. */
  get size(): { readonly bytes: number; readonly results: number } {
    return { bytes: this.#used, results: this.#entries.size };
  }

  /** Lets another process have the folder; what is there stays. */
  close(): void {
    this.#lock.release();
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }

  #scan(): void {
    const found: { readonly key: string; readonly about: Stats }[] = [];
    for (const name of readdirSync(this.#folder)) {
      if (name === lockName) continue;
      const about = lstatSync(this.#path(name), { throwIfNoEntry: false });
      if (about === undefined) continue;
      if (isKey(name) && about.isFile()) found.push({ key: name, about });
      // What was not finished, and what is not ours.
      else rmSync(this.#path(name), { recursive: true, force: true });
    }
    found.sort((one, other) => one.about.mtimeMs - other.about.mtimeMs);
    for (const { key, about } of found) this.#keep(key, { size: onDisk(about.size), marked: about.mtimeMs });
    this.#shrink(0);
  }

  #keep(key: string, entry: Entry): void {
    this.#forget(key);
    this.#entries.set(key, entry);
    this.#used += entry.size;
  }

  #forget(key: string): void {
    this.#used -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }

  #lose(key: string): void {
    this.#forget(key);
    rmSync(this.#path(key), { force: true });
  }

  /** Lets results go until there is room for another file; false when there never is. */
  #shrink(size: number): boolean {
    const { quota, results } = this.#limits;
    let coming = 0;
    for (const length of this.#writing.values()) coming += length;
    const lacks = (): boolean =>
      this.#used + coming + size > quota || this.#entries.size + this.#writing.size > results;
    for (const key of this.#entries.keys()) {
      if (!lacks()) return true;
      this.#lose(key);
    }
    return !lacks();
  }

  async get(key: string): Promise<TreeCompiled | undefined> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    try {
      const result = await openResult(this.#path(key), key);
      if (this.#entries.get(key) === entry) this.#use(key, entry);
      return result;
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#giveUp(key);
      this.#tell(error instanceof BrokenResult ? `${error.message}: removed it` : systemReason(error));
      return undefined;
    }
  }

  #giveUp(key: string): void {
    try {
      this.#lose(key);
    } catch {
      // Then it is forgotten here, and looked at again at the next start.
    }
  }

  #use(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const now = Date.now();
    if (now - entry.marked < markMs) return;
    entry.marked = now;
    try {
      utimesSync(this.#path(key), now / 1000, now / 1000);
    } catch {
      // It is only for the order in which results go.
    }
  }

  async put(key: string, result: TreeCompiled): Promise<boolean> {
    if (!isKey(key) || result.status !== 0 || !this.#hasRoom(key, onDisk(keptLength(result)))) return false;
    const size = onDisk(keptLength(result));
    const written = this.#path(`new-${randomBytes(8).toString('hex')}`);
    this.#writing.set(key, size);
    try {
      if (!this.#shrink(0)) return false;
      await writeResult(written, key, result);
      renameSync(written, this.#path(key));
      this.#keep(key, { size, marked: Date.now() });
      return true;
    } catch (error) {
      this.#pausedUntil = this.#now() + pauseMs;
      this.#tell(`${systemReason(error)}: keeping no results for a minute`);
      removeQuietly(written);
      return false;
    } finally {
      this.#writing.delete(key);
    }
  }

  /** Whether a result can be kept now; one alone does not drive many others out. */
  #hasRoom(key: string, size: number): boolean {
    if (this.#entries.has(key) || this.#writing.has(key) || this.#now() < this.#pausedUntil) return false;
    if (size > this.#limits.quota / 4) return false;
    let writing = size;
    for (const length of this.#writing.values()) writing += length;
    return this.#writing.size === 0 || writing <= this.#limits.writing;
  }

  #toldAt = Number.NEGATIVE_INFINITY;

  #tell(sentence: string): void {
    const now = this.#now();
    if (now - this.#toldAt < pauseMs) return;
    this.#toldAt = now;
    this.#trouble(sentence);
  }
}

/** Somebody else's folder would have somebody else's results. */
function requireOwn(folder: string): void {
  const about = lstatSync(folder);
  const user = process.geteuid?.() ?? 0;
  if (!about.isDirectory() || about.uid !== user) {
    throw new Error(`"${folder}" is not a directory of this account`);
  }
  if ((about.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}
