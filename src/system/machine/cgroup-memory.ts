import { join } from 'node:path';
import { readKernelFile } from '../kernel-file.ts';

/** How long a group's limits are remembered, in ms: they change seldom, and jobs begin often. */
const remembered = 10_000;
/** How many groups are remembered. Only a machine where each build has its own group has more. */
const mostGroups = 64;

/** Where the kernel shows control groups, and a clock. */
export interface GroupPlaces {
  /** Where cgroup2 is mounted. */
  readonly mounted: string;
  /** Where the processes are, as in proc(5). */
  readonly processes: string;
  /** A clock that only goes forward, in ms. */
  now(this: void): number;
}

/** The memory that a group's limit leaves to a process. */
export interface GroupShare {
  readonly bytes: number;
  /** The group with that limit, as in proc_pid_cgroup(5). */
  readonly group: string;
}

interface Limit {
  readonly folder: string;
  readonly group: string;
  readonly bytes: number;
}

/** The places on Linux systems with systemd, and in containers. */
const usualPlaces: GroupPlaces = { mounted: '/sys/fs/cgroup', processes: '/proc', now: () => performance.now() };

/** The number in a file; Infinity for "max" and a missing file. */
const numberIn = (path: string): number => Number(/^\d+$/m.exec(readKernelFile(path))?.[0] ?? Infinity);

/** A group and all groups around it, the outermost last. */
function upwards(group: string): string[] {
  const names = group.split('/').filter((name) => name !== '');
  return [...names.map((_, at) => `/${names.slice(0, names.length - at).join('/')}`), '/'];
}

/**
 * The bytes that the kernel can reclaim before it refuses memory: cached files can be read again, and caches shrink.
 */
function reclaimableIn(folder: string): number {
  const text = readKernelFile(join(folder, 'memory.stat'));
  let sum = 0;
  for (const [, bytes] of text.matchAll(/^(?:inactive_file|active_file|slab_reclaimable) (\d+)$/gm))
    sum += Number(bytes);
  return sum;
}

/**
 * How much memory the limits of control groups (version 2) leave to processes: cgroups(7), and cgroup-v2 in the
 * kernel's documentation.
 */
export class CgroupMemory {
  readonly #places: GroupPlaces;
  readonly #known = new Map<string, { readonly limits: readonly Limit[]; readonly at: number }>();

  constructor(places = usualPlaces) {
    this.#places = places;
  }

  /**
   * The smallest share that the groups of a process leave; undefined when that is `enough` bytes or more, when there is
   * no limit, and on systems without such groups. Without a limit it reads one small file.
   */
  share(pid: number, enough = Infinity): GroupShare | undefined {
    const line = /^0::(\/.*)$/m.exec(readKernelFile(`${this.#places.processes}/${pid}/cgroup`))?.[1];
    if (line === undefined) return undefined;
    let least: GroupShare | undefined;
    for (const { folder, group, bytes } of this.#limits(line)) {
      const most = least?.bytes ?? enough;
      let left = bytes - numberIn(join(folder, 'memory.current'));
      if (left === -Infinity) continue;
      if (left < most) left += reclaimableIn(folder);
      if (left < most) least = { bytes: Math.max(0, Math.min(left, bytes)), group };
    }
    return least;
  }

  #limits(group: string): readonly Limit[] {
    const now = this.#places.now();
    const known = this.#known.get(group);
    if (known !== undefined && now - known.at < remembered) return known.limits;
    if (this.#known.size >= mostGroups) this.#known.clear();
    // A process outside of this container has a path with "..".
    const seen = group.split('/').includes('..') ? [] : upwards(group);
    const limits = seen.flatMap((name) => {
      const folder = join(this.#places.mounted, name);
      // Above "high" a process is not refused memory, but slowed down.
      const bytes = Math.min(numberIn(join(folder, 'memory.max')), numberIn(join(folder, 'memory.high')));
      return bytes === Infinity ? [] : [{ folder, group: name, bytes }];
    });
    this.#known.set(group, { limits, at: now });
    return limits;
  }
}
