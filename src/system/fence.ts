import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { StartError } from './reaper.ts';
import type { Spawn } from './spawn.ts';

/** The program that becomes a compiler with its own job's files only: `src/fence`. It is built beside ours, on Linux. */
const program = join(dirname(__filename), 'distccd-fence');

/** Whether there is such a program. */
export const hasFence = process.platform === 'linux' && existsSync(program);

/**
 * Tries the fence in a folder as it will be used, around itself: why a compiler can get at the files of other jobs here, and whether it can
 * be started behind the fence at all. Undefined when all is well.
 */
export function tryFence(folder: string): { readonly obstacle: string; readonly usable: boolean } | undefined {
  if (!hasFence) return { obstacle: `there is no "${program}"`, usable: false };
  // The program itself may lie in the temporary directory, as that of a checkout there does.
  const words = ['1', program, program, 'distccd-fence', '--check'];
  const { status, stderr, error } = spawnSync(program, words, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return undefined;
  if (status === 1) return { obstacle: 'this kernel has no Landlock', usable: true };
  const reason = error?.message ?? stderr.trim().replace(/^distccd\[\d+\] ERROR: /, '');
  return { obstacle: `"${program}" does not work here: ${reason}`, usable: false };
}

const isBelow = (path: string, folder: string): boolean => /^(?!\.\.(?:\/|$))[^/]/.test(relative(folder, path));
const holds = (folder: string, path: string): boolean => folder === path || isBelow(path, folder);

/**
 * What compilers need beside the temporary directory, where the fence does not look: of each directory of the search path the one above, as
 * a toolchain's `bin` has its `lib` beside it, when both have a directory above them in common. All paths are absolute, without links.
 */
export function toolsBeside(temporary: string, searchPath: readonly string[]): string[] {
  const first = (path: string): string | undefined => path.split('/')[1];
  const near = searchPath.filter((path) => first(path) === first(temporary));
  const tools = near.map((path) => (holds(dirname(path), temporary) ? path : dirname(path)));
  return [...new Set(tools)].filter((path) => !holds(path, temporary));
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
    const tools = toolsBeside(temporary, placesOf(path, searchPath));
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
