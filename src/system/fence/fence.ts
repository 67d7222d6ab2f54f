import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { folderInRoot, layRoot } from './private-root.ts';
import { StartError } from '../processes/reaper.ts';
import type { Spawn } from '../processes/spawn.ts';
import { rootName } from '../files/temporary-folder.ts';
import { planRoot } from './toolchain-paths.ts';
import type { Places } from './toolchain-paths.ts';

/**
 * The helper program (`src/fence`) that restricts itself to its job's files and then becomes the compiler. It is built
 * on Linux, beside the other programs.
 */
export const fenceProgram = join(dirname(__filename), 'distccd-fence');

/**
 * The first words of the helper's command. It ends with this process, whose id tells it that this is still its parent.
 */
export const fenceWords = (): string[] => ['distccd-fence', '--daemon', String(process.pid)];

/**
 * What keeps jobs apart: a private root for each job; or Landlock and a system call filter in the machine's root, as
 * far as the kernel has them; or nothing.
 */
export type FenceKind = 'root' | 'files' | 'none';

/** The fence that is possible here, and what is missing compared with the best one, in words for the administrator. */
export interface FenceFound {
  readonly kind: FenceKind;
  readonly lacks?: string;
}

/** The folder of a job as its compiler sees it, so that no command line shows a name that another job could use. */
export const folderSeen = (kind: FenceKind): string => (kind === 'root' ? folderInRoot : '.');

const open = 'a compiler could get at the files of other jobs';
const readable = 'compilers can read all that the account can read';

/** Finds the best fence by having the helper run its own check inside each kind. */
export function tryFence(folder: string, places: Places): FenceFound {
  if (process.platform !== 'linux') return { kind: 'none', lacks: `${open}: this system has no fence for them` };
  if (!existsSync(fenceProgram)) return { kind: 'none', lacks: `${open}: there is no "${fenceProgram}"` };
  const own = attempt(folder, () => wordsInRoot(folder, fenceProgram, places));
  // Status 1, no Landlock, does not matter: a private root protects the files by itself.
  if (own.status === 0 || own.status === 1) return { kind: 'root' };
  if (own.status === 2) return { kind: 'root', lacks: 'compilers may use all system calls: this kernel filters none' };
  const shared = attempt(folder, () => wordsBeside(fenceProgram, places));
  const why = `jobs have no roots of their own here: ${own.reason}`;
  if (shared.status === 0) return { kind: 'files', lacks: `${readable}: ${why}` };
  if (shared.status === 1) return { kind: 'files', lacks: `${open}: this kernel has no Landlock; ${why}` };
  if (shared.status === 2) return { kind: 'files', lacks: `${open}: this kernel filters no system calls; ${why}` };
  return { kind: 'none', lacks: `${open}: "${fenceProgram}" does not work here: ${shared.reason}` };
}

/** Runs the helper's check in a fence: its exit status, and the reason when the fence cannot be set up. */
function attempt(folder: string, words: () => readonly string[]): { status: number | null; reason: string } {
  try {
    const all = [...words(), fenceProgram, 'distccd-fence', '--check'];
    const { status, stderr, error } = spawnSync(fenceProgram, all, { cwd: folder, encoding: 'utf8' });
    return { status, reason: error?.message ?? stderr.trim().replace(/^distccd\[\d+\] ERROR: /, '') };
  } catch (error) {
    return { status: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The helper's words ROOT COUNT PATH... for a program in a private root, which is made in the spool. */
export function wordsInRoot(folder: string, path: string, places: Places): string[] {
  const root = join(dirname(folder), rootName);
  const plan = planRoot(path, places);
  layRoot(root, plan);
  return [root, String(plan.shown.length), ...plan.shown];
}

const isBelow = (path: string, folder: string): boolean => /^(?!\.\.(?:\/|$))[^/]/.test(relative(folder, path));
const holds = (folder: string, path: string): boolean => folder === path || isBelow(path, folder);

/**
 * The directories that compilers need and that lie beside the temporary directory, where the fence permits nothing by
 * itself. For each directory of the search path that is its parent, since a toolchain's `lib` is beside its `bin`; but
 * only when both lie in a common directory below the root. All paths are absolute, without links.
 */
export function toolsBeside(temporary: string, searchPath: readonly string[]): string[] {
  const first = (path: string): string | undefined => path.split('/')[1];
  const near = searchPath.filter((path) => first(path) === first(temporary));
  const tools = near.map((path) => (holds(dirname(path), temporary) ? path : dirname(path)));
  return [...new Set(tools)].filter((path) => !holds(path, temporary));
}

/** A path without links; empty when it does not exist. */
const realPath = (path: string): string[] => (existsSync(path) ? [realpathSync(path)] : []);

/** The helper's words for a program in the machine's root. */
function wordsBeside(path: string, { directories, temporary }: Places): string[] {
  const own = realPath(path).map((found) => dirname(found));
  const tools = toolsBeside(temporary, [...directories.flatMap(realPath), ...own]);
  return ['-', String(tools.length), ...tools];
}

/** How many programs' words are remembered, and for how long, in ms: packages may be installed or removed. */
const mostKnown = 256;
const believedMs = 10_000;

/** A `Spawn` that starts programs in the fence. */
export function inFence(spawn: Spawn, kind: FenceKind, places: Places): Spawn {
  if (kind === 'none') return spawn;
  const known = new Map<string, { words: readonly string[]; until: number }>();
  const wordsFor = (path: string, folder: string): readonly string[] => {
    const key = `${dirname(folder)}\0${path}`;
    const before = known.get(key);
    if (before !== undefined && before.until > Date.now()) return before.words;
    const words = kind === 'root' ? wordsInRoot(folder, path, places) : wordsBeside(path, places);
    if (known.size >= mostKnown) known.clear();
    known.set(key, { words, until: Date.now() + believedMs });
    return words;
  };
  return (request) => {
    try {
      // Checked here, because an error inside the fence could not be reported as a StartError.
      accessSync(request.path, constants.X_OK);
    } catch (error) {
      throw new StartError(request.path, error);
    }
    const words = [...fenceWords(), ...wordsFor(request.path, request.directory), request.path];
    const child = spawn({ ...request, path: fenceProgram, argv: [...words, ...request.argv] });
    return kind === 'root' ? { ...child, endsWhole: true } : child;
  };
}
