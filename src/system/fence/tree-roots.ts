import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fenceProgram, fenceWords, wordsInRoot } from './fence.ts';
import type { FenceFound } from './fence.ts';
import { folderInRoot } from './private-root.ts';
import type { Spool } from '../files/temporary-folder.ts';
import { StartError } from '../processes/reaper.ts';
import type { Spawn } from '../processes/spawn.ts';
import { findToolchain, NoToolchain } from './toolchain.ts';
import type { Ask, Toolchain } from './toolchain.ts';
import type { Places } from './toolchain-paths.ts';
import { layMountPoints, layTree } from './mount-points.ts';

/** A folder with a client's files at their own paths, which only grows; the daemon's alone to write. */
export interface TreeFolder {
  /** Absolute, on this machine. */
  readonly path: string;
}

/** How long a toolchain is believed, in ms: packages come and go. */
const believedMs = 10_000;

/** Compilers that are remembered, no more than a mistake would bring. */
const mostKnown = 256;

interface Known {
  readonly toolchain: Promise<Toolchain>;
  /** What the parts were like. */
  stamp: string | undefined;
  until: number;
}

/** Equal texts mean that nothing has been installed, removed or replaced among what is shown. */
function stampOf({ shown, parts }: Toolchain): string {
  const stamps = [...shown, ...parts].map((path) => {
    const about = statSync(path, { throwIfNoEntry: false });
    return about === undefined ? '' : `${about.dev}:${about.ino}:${about.size}:${about.mtimeMs}`;
  });
  return stamps.join(' ');
}

/** --in DIRECTORY ROOT COUNT PATH... for the fence, for a compiler that works in a directory of a tree. */
const wordsInTree = (tree: string, { shown }: Toolchain, directory: string): string[] => [
  '--in',
  directory,
  tree,
  String(shown.length),
  ...shown,
];

/** The roots of jobs that compile a client's own files: its tree, with the toolchain of this machine over it. */
export class TreeRoots {
  readonly #spawn: Spawn;
  readonly #places: Places;
  readonly #spool: Pick<Spool, 'lend' | 'takeBack'>;
  readonly #known = new Map<string, Known>();
  readonly #laid = new WeakMap<TreeFolder, WeakSet<Toolchain>>();
  readonly #fence: string;
  #locales: Promise<ReadonlySet<string>> | undefined;

  /** `fence` is the program of `src/fence`. */
  constructor(spawn: Spawn, places: Places, spool: Pick<Spool, 'lend' | 'takeBack'>, fence = fenceProgram) {
    this.#spawn = spawn;
    this.#places = places;
    this.#spool = spool;
    this.#fence = fence;
  }

  /**
   * What a compiler needs of this machine: found out and tried at the first call, then known until something of it
   * changes.
   * @throws NoToolchain
   */
  async toolchain(compiler: string): Promise<Toolchain> {
    const known = this.#known.get(compiler);
    if (known !== undefined && (await this.#isGood(known))) return known.toolchain;
    if (this.#known.size >= mostKnown) this.#known.clear();
    const entry: Known = { toolchain: this.#find(compiler), stamp: undefined, until: Date.now() + believedMs };
    this.#known.set(compiler, entry);
    const toolchain = await entry.toolchain;
    entry.stamp = stampOf(toolchain);
    return toolchain;
  }

  /** The names of this machine's locales, as locale(1) lists them; asked for once. */
  locales(): Promise<ReadonlySet<string>> {
    this.#locales ??= this.#asking('/usr/bin/locale', async (ask) => {
      return new Set((await ask('/usr/bin/locale', ['-a'])).trimEnd().split('\n'));
    }).catch(() => {
      this.#locales = undefined;
      return new Set();
    });
    return this.#locales;
  }

  async #isGood(known: Known): Promise<boolean> {
    if (known.until > Date.now()) return true;
    const toolchain = await known.toolchain.catch(() => undefined);
    if (toolchain === undefined || stampOf(toolchain) !== known.stamp) return false;
    known.until = Date.now() + believedMs;
    return true;
  }

  #find(compiler: string): Promise<Toolchain> {
    return this.#asking(compiler, async (ask, folder) => {
      const toolchain = await findToolchain(compiler, this.#places, ask);
      await this.#try(compiler, toolchain, folder);
      return toolchain;
    });
  }

  /** Has programs asked in the root of a job with preprocessed text, where there is more of the machine. */
  async #asking<T>(program: string, what: (ask: Ask, folder: string) => Promise<T>): Promise<T> {
    const folder = this.#spool.lend('job');
    try {
      const around = wordsInRoot(folder, program, this.#places);
      const ask: Ask = async (asked, words) => {
        const { trouble, stdout } = await this.#run(folder, [...around, asked, asked, ...words]);
        return trouble === undefined ? stdout : '';
      };
      return await what(ask, folder);
    } finally {
      await this.#spool.takeBack(folder);
    }
  }

  /** Has it compile a line in a tree where there is nothing else. */
  async #try(compiler: string, toolchain: Toolchain, folder: string): Promise<void> {
    const [tree, job] = [join(folder, 'tree'), join(folder, 'job')];
    mkdirSync(job);
    mkdirSync(tree);
    layTree(tree);
    layMountPoints(tree, toolchain);
    writeFileSync(join(job, 'try.c'), 'int tried;\n');
    const words = wordsInTree(tree, toolchain, folderInRoot);
    const compile = ['-x', 'c', '-c', 'try.c', '-o', 'try.o'];
    const { trouble } = await this.#run(job, [...words, compiler, compiler, ...compile]);
    if (trouble === undefined) return;
    throw new NoToolchain(`"${basename(compiler)}" does not work with its own parts alone: ${trouble}`);
  }

  /** Runs something in the fence, in a folder; what it said, and why it failed if it did. */
  #run(folder: string, words: readonly string[]): Promise<{ stdout: string; trouble: string | undefined }> {
    const env = { PATH: this.#places.directories.join(':'), LC_ALL: 'C', TMPDIR: folderInRoot };
    return new Promise((resolve) => {
      execFile(this.#fence, words, { cwd: folder, env, timeout: 20_000 }, (error, stdout, stderr) => {
        const why = (stderr.trim().split('\n')[0] ?? '') || error?.message;
        resolve({ stdout, trouble: error === null ? undefined : why });
      });
    });
  }

  /**
   * Starts programs in a tree's root, in a directory of the client; the job's folder is the one that they are started
   * in, and has another name there.
   * @throws MountPointTaken
   */
  inTree(tree: TreeFolder, toolchain: Toolchain, directory: string): Spawn {
    this.#lay(tree, toolchain);
    const words = [...fenceWords(), ...wordsInTree(tree.path, toolchain, directory)];
    return (request) => {
      try {
        // The fence would find out too late for an error of ours.
        accessSync(request.path, constants.X_OK);
      } catch (error) {
        throw new StartError(request.path, error);
      }
      const argv = [...words, request.path, ...request.argv];
      return { ...this.#spawn({ ...request, path: this.#fence, argv }), endsWhole: true };
    };
  }

  #lay(tree: TreeFolder, toolchain: Toolchain): void {
    const laid = this.#laid.get(tree) ?? new WeakSet();
    if (laid.has(toolchain)) return;
    layMountPoints(tree.path, toolchain);
    this.#laid.set(tree, laid.add(toolchain));
  }
}

/** The roots in which clients' own files are compiled here, or why there are none, as a sentence's end. */
export type TreeRootsFound = { readonly roots: TreeRoots } | { readonly lacks: string };

/** A tree needs what a root for each job needs. */
export function findTreeRoots(fence: FenceFound, make: () => TreeRoots): TreeRootsFound {
  return fence.kind === 'root' ? { roots: make() } : { lacks: lacksByFence(fence) };
}

/** Why there are no such roots where jobs have none. */
export const lacksByFence = ({ lacks }: FenceFound): string =>
  lacks ?? 'jobs have no roots of their own: every program may be run';
