import { ExactTree } from './exact-tree.ts';
import type { Sight } from './exact-tree.ts';
import type { MachineParts } from './tree.ts';

/** How many exact trees wait for the next job, and how much is in them, over all sessions. */
export interface IdleTrees {
  count: number;
  entries: number;
}

/** What all sessions' trees that wait may have together, and those of one. */
const mostIdle = { count: 64, entries: 131_072, ofSession: 16 };

/** What exact trees are made with. */
export interface ExactTreeMeans {
  /** Makes an empty folder. */
  readonly lend: () => string;
  readonly takeBack: (folder: string) => void;
  readonly idle: IdleTrees;
}

/** The exact trees of one session: one for each of its jobs that runs, and some that wait for the next ones. */
export class ExactTrees {
  readonly #means: ExactTreeMeans;
  /** In the order of their last use. */
  #idle: ExactTree[] = [];

  constructor(means: ExactTreeMeans) {
    this.#means = means;
  }

  /** Lends a tree that is to show what a job may see, the one that is nearest to that; undefined when there is none. */
  borrow(parts: MachineParts, { inputs }: Sight): ExactTree | undefined {
    try {
      return this.#nearest(parts, inputs) ?? new ExactTree(this.#means.lend(), parts);
    } catch {
      // A full disk, say: there are other ways to compile.
      return undefined;
    }
  }

  #nearest(parts: MachineParts, inputs: Sight['inputs']): ExactTree | undefined {
    let best: ExactTree | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const tree of this.#idle) {
      if (tree.parts !== parts) continue;
      const distance = tree.distance(inputs);
      if (distance >= least) continue;
      best = tree;
      least = distance;
    }
    if (best !== undefined) this.#take(best);
    return best;
  }

  #take(tree: ExactTree): void {
    this.#idle = this.#idle.filter((other) => other !== tree);
    this.#means.idle.count -= 1;
    this.#means.idle.entries -= tree.entries;
  }

  /** A job is done with its tree, or could not have it. */
  giveBack(tree: ExactTree): void {
    const { idle } = this.#means;
    if (tree.broken) {
      this.#means.takeBack(tree.path);
      return;
    }
    const [oldest] = this.#idle;
    if (oldest !== undefined && this.#idle.length >= mostIdle.ofSession) this.#drop(oldest);
    const fits = idle.count < mostIdle.count && idle.entries + tree.entries <= mostIdle.entries;
    if (!fits) {
      this.#means.takeBack(tree.path);
      return;
    }
    this.#idle.push(tree);
    idle.count += 1;
    idle.entries += tree.entries;
  }

  #drop(tree: ExactTree): void {
    this.#take(tree);
    this.#means.takeBack(tree.path);
  }

  /** Takes all of them away: no job has one. */
  close(): void {
    for (const tree of this.#idle) this.#drop(tree);
  }
}
