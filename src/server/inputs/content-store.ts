import {
  closeSync,
  createReadStream,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { DiskPath } from '../../system/byte-text.ts';
import { writeAll } from '../../system/descriptors/write-all.ts';
import { errorCode } from '../../system/error-text.ts';
import { removeQuietly } from '../../system/files/remove-quietly.ts';
import type { ArrivedContent } from '../../wire/inputs/contents.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import { linkOrCopy } from './file-copies.ts';
import { ContentHasher } from './possession.ts';
import type { ContentHashes } from './possession.ts';
import { full, refusalOfSystem } from './room.ts';
import { unpackNow, unpackPieces } from './unpack.ts';

/** A content that is kept. */
export interface StoredContent extends ContentHashes {
  readonly size: number;
}

/** What is known of a content by its name. There are many, and of a class they take the least memory. */
class Entry {
  readonly size: number;
  /** The key of its proofs; unknown until its bytes have been looked at since the start. */
  key: string | undefined;
  /** When its file was last marked as used, in whole hours since 1970: a small number takes no memory of its own. */
  marked: number;
  /** Trees that it is in: its bytes stay on the disk whether it is forgotten or not. */
  trees: number;

  constructor(size: number, key: string | undefined, marked: number, trees: number) {
    this.size = size;
    this.key = key;
    this.marked = marked;
    this.trees = trees;
  }
}

/** What a client has declared of a content. */
export interface DeclaredContent {
  /** Hexadecimal. */
  readonly hash: string;
  readonly size: number;
}

/** A content up to this length, in bytes, is read, unpacked and written at once, which is sooner done. */
const shortLength = 256 * 1024;
/** The time of a file's last use is written down once an hour. */
const hoursOf = (ms: number): number => Math.floor(ms / 3600_000);

const isName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

const wrong = (number: number): ProtocolError =>
  new ProtocolError('malformed', `the content of number ${number} is not the one that was declared`);

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without an encoding a file comes as buffers
const piecesOf = (path: string): AsyncIterable<Buffer> => createReadStream(path) as AsyncIterable<Buffer>;

/** How large the store may be. */
export interface StoreLimits {
  /** Bytes of all contents. */
  readonly quota: number;
  /** How many contents. */
  readonly contents: number;
}

/**
 * Contents of clients' files, each in a file whose name is its SHA-256. What was not used for longest goes when there
 * is no room; what is in a tree stays, since forgetting it would free nothing.
 */
export class ContentStore {
  readonly #folder: string;
  readonly #limits: StoreLimits;
  /** Frees something that trees hold, and tells whether there was any. */
  readonly #free: () => boolean;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #used = 0;
  /** Bytes and number of contents that are being written. */
  #coming = { bytes: 0, count: 0 };

  /** Takes what a folder has, and makes it when it is missing. @throws the system's error */
  constructor(folder: string, limits: StoreLimits, free: () => boolean) {
    this.#folder = folder;
    this.#limits = limits;
    this.#free = free;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#scan();
  }

  /** Bytes of all contents. */
  get used(): number {
    return this.#used;
  }

  #path(hash: string): string {
    return `${this.#folder}/${hash}`;
  }

  #scan(): void {
    const found: { readonly name: string; readonly about: Stats }[] = [];
    for (const name of readdirSync(this.#folder)) {
      const about = lstatSync(this.#path(name), { throwIfNoEntry: false });
      if (about === undefined) continue;
      if (isName(name) && about.isFile()) found.push({ name, about });
      else rmSync(this.#path(name), { recursive: true, force: true });
    }
    found.sort((one, other) => one.about.atimeMs - other.about.atimeMs);
    for (const { name, about } of found) this.#keep(name, about.size, undefined, hoursOf(about.atimeMs));
    this.#shrink(0);
  }

  #keep(hash: string, size: number, key: string | undefined, marked: number): void {
    const before = this.#entries.get(hash);
    if (before !== undefined) this.#used -= before.size;
    this.#entries.delete(hash);
    this.#entries.set(hash, new Entry(size, key, marked, before?.trees ?? 0));
    this.#used += size;
  }

  /** The file is not what it was, or gone. */
  #lose(hash: string): void {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return;
    this.#entries.delete(hash);
    this.#used -= entry.size;
    rmSync(this.#path(hash), { force: true });
  }

  /** A content that this store has looked at since its start; used now. */
  known({ hash, size }: DeclaredContent): StoredContent | undefined {
    const entry = this.#entries.get(hash);
    if (entry?.key === undefined || entry.size !== size) return undefined;
    this.#entries.delete(hash);
    this.#entries.set(hash, entry);
    return { hash, size, key: entry.key };
  }

  /** Whether there is a content that has to be looked at before it is used. */
  isUnproved({ hash, size }: DeclaredContent): boolean {
    const entry = this.#entries.get(hash);
    return entry?.size === size && entry.key === undefined;
  }

  /** Looks at a content that an earlier daemon has left; what is not what its name says goes. */
  async prove({ hash, size }: DeclaredContent): Promise<void> {
    const hashes = await this.#hashesOf(hash, size).catch(() => undefined);
    const entry = this.#entries.get(hash);
    if (entry === undefined || entry.key !== undefined) return;
    if (hashes?.hash === hash) entry.key = hashes.key;
    else this.#lose(hash);
  }

  async #hashesOf(hash: string, size: number): Promise<ContentHashes> {
    const hasher = new ContentHasher();
    if (size <= shortLength) hasher.update(readFileSync(this.#path(hash)));
    else for await (const piece of piecesOf(this.#path(hash))) hasher.update(piece);
    return hasher.digest();
  }

  /**
   * Takes a content that has come from a client; what is there already is only compared.
   * @param scratch a name for a new file, which is gone afterwards
   * @throws ProtocolError when another content was declared, Overload when the store or its disk is full
   */
  async put(arrived: ArrivedContent, declared: DeclaredContent, scratch: string): Promise<StoredContent> {
    const { hash, size } = declared;
    if (arrived.length !== size) throw wrong(arrived.number);
    this.#makeRoom(size);
    this.#coming.bytes += size;
    this.#coming.count += 1;
    const written = `${scratch}-${randomBytes(4).toString('hex')}`;
    try {
      const key =
        size <= shortLength ? this.#takeNow(arrived, hash, written) : await this.#takeInPieces(arrived, hash, written);
      return { hash, size, key };
    } catch (error) {
      throw refusalOfSystem(error) ?? error;
    } finally {
      this.#coming.bytes -= size;
      this.#coming.count -= 1;
      removeQuietly(written);
    }
  }

  #takeNow(arrived: ArrivedContent, hash: string, written: string): string {
    const plain = unpackNow(arrived);
    const hasher = new ContentHasher();
    hasher.update(plain);
    const { key } = this.#judge(hasher, hash, plain.length, arrived);
    if (this.#entries.get(hash)?.key !== undefined) return key;
    const descriptor = openSync(written, 'wx', 0o444);
    try {
      writeAll(descriptor, plain);
    } finally {
      closeSync(descriptor);
    }
    this.#admit(written, hash, plain.length, key);
    return key;
  }

  async #takeInPieces(arrived: ArrivedContent, hash: string, written: string): Promise<string> {
    const hasher = new ContentHasher();
    let length = 0;
    const descriptor = openSync(written, 'wx', 0o444);
    try {
      for await (const piece of unpackPieces(arrived)) {
        hasher.update(piece);
        length += piece.length;
        writeAll(descriptor, piece);
        // Everybody else has a turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      closeSync(descriptor);
    }
    const { key } = this.#judge(hasher, hash, length, arrived);
    if (this.#entries.get(hash)?.key === undefined) this.#admit(written, hash, length, key);
    return key;
  }

  #judge(hasher: ContentHasher, hash: string, length: number, arrived: ArrivedContent): ContentHashes {
    const hashes = hasher.digest();
    if (hashes.hash !== hash || length !== arrived.length) throw wrong(arrived.number);
    return hashes;
  }

  #admit(written: string, hash: string, size: number, key: string): void {
    renameSync(written, this.#path(hash));
    this.#keep(hash, size, key, hoursOf(Date.now()));
  }

  /**
   * Puts a content at a path of a tree, where nothing is; the tree lets go of it by `release`. False when it is no
   * longer there.
   * @param scratch a name on the same file system, where nothing is
   */
  place({ hash }: DeclaredContent, path: DiskPath, scratch: string): boolean {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return false;
    try {
      linkOrCopy(this.#path(hash), path, scratch);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || lstatSync(this.#path(hash), { throwIfNoEntry: false }) !== undefined) {
        throw error;
      }
      this.#lose(hash);
      return false;
    }
    entry.trees += 1;
    this.#mark(hash, entry);
    return true;
  }

  /** A tree that had it is gone. */
  release({ hash }: DeclaredContent): void {
    const entry = this.#entries.get(hash);
    if (entry !== undefined && entry.trees > 0) entry.trees -= 1;
  }

  /** The file's own time of use, for the next daemon: nothing else is kept of it. */
  #mark(hash: string, entry: Entry): void {
    const now = Date.now();
    if (entry.marked === hoursOf(now)) return;
    entry.marked = hoursOf(now);
    try {
      utimesSync(this.#path(hash), now / 1000, lstatSync(this.#path(hash)).mtimeMs / 1000);
    } catch {
      // It is only for the order in which contents go.
    }
  }

  #makeRoom(size: number): void {
    while (!this.#shrink(size)) if (!this.#free()) throw full();
  }

  /** Lets contents go until there is room for another one; false when those that are left are all in trees. */
  #shrink(size: number): boolean {
    const { quota, contents } = this.#limits;
    const lacks = (): boolean =>
      this.#used + this.#coming.bytes + size > quota || this.#entries.size + this.#coming.count >= contents;
    if (!lacks()) return true;
    for (const [hash, { trees }] of this.#entries) {
      if (trees > 0) continue;
      this.#lose(hash);
      if (!lacks()) return true;
    }
    return false;
  }
}
