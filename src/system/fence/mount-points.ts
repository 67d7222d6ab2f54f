import { lstatSync, mkdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderInRoot } from './private-root.ts';
import type { RootPlan } from './toolchain-paths.ts';

/** Something of a client's stands where this machine's toolchain has to be. */
export class MountPointTaken extends Error {
  /** The absolute path in the client's tree. */
  readonly path: string;

  constructor(path: string) {
    super(`"${path}" of the client is in the way of this machine's compiler`);
    this.name = 'MountPointTaken';
    this.path = path;
  }
}

const found = (path: string): ReturnType<typeof lstatSync> => lstatSync(path, { throwIfNoEntry: false });

/**
 * Makes the directories of a path in a tree, without going through a link: a client's would lead out of the tree.
 * `made` has those that were looked at.
 */
function makeDirectories(tree: string, path: string, made: Set<string>): void {
  if (path === '/' || made.has(path)) return;
  makeDirectories(tree, dirname(path), made);
  const target = join(tree, path);
  const there = found(target);
  if (there === undefined) mkdirSync(target, { mode: 0o755 });
  else if (!there.isDirectory()) throw new MountPointTaken(path);
  made.add(path);
}

/** Makes the mount point of a job's folder in a new tree. */
export function layTree(tree: string): void {
  makeDirectories(tree, folderInRoot, new Set());
}

/**
 * Makes the mount points of a toolchain in a tree, and its links; what is there already may be the client's.
 * @throws MountPointTaken, or the error of the system
 */
export function layMountPoints(tree: string, { shown, links }: RootPlan): void {
  const made = new Set<string>();
  for (const [path, text] of links) {
    makeDirectories(tree, dirname(path), made);
    const there = found(join(tree, path));
    if (there === undefined) symlinkSync(text, join(tree, path));
    else if (!there.isSymbolicLink() || readlinkSync(join(tree, path)) !== text) throw new MountPointTaken(path);
  }
  for (const path of shown) {
    const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (isDirectory === undefined) continue;
    if (isDirectory) {
      makeDirectories(tree, path, made);
      continue;
    }
    makeDirectories(tree, dirname(path), made);
    const there = found(join(tree, path));
    if (there === undefined) writeFileSync(join(tree, path), '', { mode: 0o444, flag: 'wx' });
    else if (there.isDirectory() || there.isSymbolicLink()) throw new MountPointTaken(path);
  }
}
