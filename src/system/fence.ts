import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { StartError } from './reaper.ts';
import type { Spawn } from './spawn.ts';

/** The program that becomes a compiler with its own job's files only: `src/fence`. It is built beside ours, on Linux. */
const program = join(dirname(__filename), 'distccd-fence');

/** Whether there is such a program. */
export const hasFence = process.platform === 'linux' && existsSync(program);

/** Why a compiler can get at the files of other jobs here; undefined where it cannot. */
export function fenceObstacle(): string | undefined {
  if (!hasFence) return `there is no "${program}"`;
  return spawnSync(program, ['--check'], { stdio: 'ignore' }).status === 0 ? undefined : 'this kernel has no Landlock';
}

const isBelow = (path: string, folder: string): boolean => /^(?!\.\.(?:\/|$))[^/]/.test(relative(folder, path));

/**
 * What compilers may use of the temporary directory although other jobs lie there: of each directory of the search path the one above, as
 * a toolchain's `bin` has its `lib` beside it. All paths are absolute, without links.
 */
export function toolsBelow(temporary: string, searchPath: readonly string[]): string[] {
  const below = searchPath.filter((path) => isBelow(path, temporary));
  return [...new Set(below.map((path) => (isBelow(dirname(path), temporary) ? dirname(path) : path)))];
}

/** A path without links; nothing when it is not there. */
const realPath = (path: string): string[] => (existsSync(path) ? [realpathSync(path)] : []);

/** Where the programs of a search path are, and this one. */
function placesOf(path: string, searchPath: readonly string[]): string[] {
  return [...searchPath.flatMap(realPath), ...realPath(path).map((found) => dirname(found))];
}

/** Programs whose tools are remembered; no more than a mistake would bring. */
const mostKnown = 256;

/** Starts programs behind the fence: in the temporary directory they get at their own folder and their tools only. */
export function behindFence(spawn: Spawn, temporary: string, searchPath: readonly string[]): Spawn {
  const known = new Map<string, readonly string[]>();
  const wordsFor = (path: string): readonly string[] => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const tools = toolsBelow(temporary, placesOf(path, searchPath));
    const words = ['distccd-fence', String(tools.length), ...tools, path];
    if (known.size >= mostKnown) known.clear();
    known.set(path, words);
    return words;
  };
  return (request) => {
    try {
      // The fence would find out too late for an error of ours.
      accessSync(request.path, constants.X_OK);
    } catch (error) {
      throw new StartError(request.path, error);
    }
    return spawn({ ...request, path: program, argv: [...wordsFor(request.path), ...request.argv] });
  };
}
