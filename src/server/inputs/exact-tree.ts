import { linkSync, mkdirSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import type { Steps } from '../../basics/steps.ts';
import { layMountPoints, layTree } from '../../system/fence/mount-points.ts';
import { bytesOf, pathBelow } from '../../system/byte-text.ts';
import type { DiskPath } from '../../system/byte-text.ts';
import type { DeclaredInput } from './declared-input.ts';
import { directoriesAbove } from './directories-above.ts';
import type { MachineParts, Tree } from './tree.ts';

/** What an exact tree is to show. */
export interface Sight {
  /** Has all of it, and is where it is linked from. */
  readonly tree: Pick<Tree, 'onDisk'>;
  readonly inputs: ReadonlyMap<number, DeclaredInput>;
  /** The job's directory, absolute. */
  readonly directory: string;
}

/** Files that have the content of another one: those need another file on the disk, with a time of its own. */
function twinsAmong(inputs: ReadonlyMap<number, DeclaredInput>): Set<number> {
  const firsts = new Map<string, number>();
  const twins = new Set<number>();
  for (const [number, input] of inputs) {
    if (input.kind !== 'file') continue;
    const first = firsts.get(input.hash);
    if (first === undefined) firsts.set(input.hash, number);
    else twins.add(first).add(number);
  }
  return twins;
}

/**
 * A client's files as one job may see them, and nothing else: what another job of the same client has declared is not
 * there, and so the result depends on what this one has. It is changed into what the next job may see, which is mostly
 * nearly the same.
 */
export class ExactTree {
  readonly path: string;
  readonly parts: MachineParts;
  /** Numbers of a session with what they stand for here. */
  readonly #laid = new Map<number, DeclaredInput>();
  /** How much needs each directory: what is in it, and itself when it was declared. */
  readonly #needs = new Map<string, number>();
  /** What is there for parts of the machine, and stays. */
  readonly #fixed = new Set<string>(['/']);
  #directory: string | undefined;
  /** Something of it could not be changed: it is of no use any more. */
  #broken = false;

  /** @param path of an empty folder, on the file system of the trees that it is linked from */
  constructor(path: string, parts: MachineParts) {
    this.path = path;
    this.parts = parts;
    layTree(path);
    layMountPoints(path, parts);
    for (const place of ['/.job', ...parts.shown, ...parts.links.keys()]) {
      for (const above of directoriesAbove(place)) this.#fixed.add(above);
      this.#fixed.add(place);
    }
  }

  /** How many files, links and directories of clients it has. */
  get entries(): number {
    return this.#laid.size + this.#needs.size;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Something else than this has changed it. */
  spoil(): void {
    this.#broken = true;
  }

  /** How much of it would have to be changed to show that. */
  distance(inputs: ReadonlyMap<number, DeclaredInput>): number {
    let common = 0;
    for (const number of this.#laid.keys()) if (inputs.has(number)) common += 1;
    return this.#laid.size + inputs.size - 2 * common;
  }

  /** Changes it into what a job may see, in steps. @throws the system's error; then it is broken */
  *show({ tree, inputs, directory }: Sight): Steps<void> {
    this.#broken = true;
    const twins = twinsAmong(inputs);
    for (const [number, input] of this.#laid) {
      // The time of one that was alone may not be its own.
      if (inputs.has(number) && !twins.has(number)) continue;
      this.#remove(number, input);
      yield;
    }
    if (this.#directory !== undefined) this.#leave(this.#directory);
    this.#directory = undefined;
    for (const [number, input] of inputs) {
      if (this.#laid.has(number) || this.parts.isShown(input.path) || this.#fixed.has(input.path)) continue;
      this.#add(number, input, tree);
      yield;
    }
    if (!this.#isReachedByLink(directory, inputs)) {
      this.#need(directory);
      this.#directory = directory;
    }
    this.#broken = false;
  }

  #onDisk(path: string): DiskPath {
    return pathBelow(this.path, path);
  }

  #add(number: number, input: DeclaredInput, tree: Pick<Tree, 'onDisk'>): void {
    if (input.kind === 'directory') this.#need(input.path);
    else {
      const above = input.path.slice(0, input.path.lastIndexOf('/'));
      if (above !== '') this.#need(above);
      const place = this.#onDisk(input.path);
      if (input.kind === 'link') symlinkSync(bytesOf(input.target), place);
      else linkSync(tree.onDisk(input.path), place);
    }
    this.#laid.set(number, input);
  }

  #remove(number: number, input: DeclaredInput): void {
    this.#laid.delete(number);
    if (input.kind === 'directory') {
      this.#leave(input.path);
      return;
    }
    unlinkSync(this.#onDisk(input.path));
    const above = input.path.slice(0, input.path.lastIndexOf('/'));
    if (above !== '') this.#leave(above);
  }

  /** A directory is there, with those above it, for as long as something needs it. */
  #need(path: string): void {
    for (const directory of [...directoriesAbove(path), path]) {
      if (this.#fixed.has(directory)) continue;
      const needs = this.#needs.get(directory) ?? 0;
      // No link is on the way: the tree that this one is linked from has the same below directories.
      if (needs === 0) mkdirSync(this.#onDisk(directory), 0o755);
      this.#needs.set(directory, needs + 1);
    }
  }

  #leave(path: string): void {
    for (const directory of [...directoriesAbove(path), path].reverse()) {
      if (this.#fixed.has(directory)) continue;
      const needs = (this.#needs.get(directory) ?? 0) - 1;
      if (needs > 0) {
        this.#needs.set(directory, needs);
        continue;
      }
      this.#needs.delete(directory);
      rmdirSync(this.#onDisk(directory));
    }
  }

  /** Then the directory is where the link leads, which was declared. */
  #isReachedByLink(directory: string, inputs: ReadonlyMap<number, DeclaredInput>): boolean {
    if (this.parts.isShown(directory)) return true;
    const links = new Set<string>();
    for (const input of inputs.values()) if (input.kind === 'link') links.add(input.path);
    return [...directoriesAbove(directory), directory].some((path) => links.has(path) || this.parts.links.has(path));
  }
}
