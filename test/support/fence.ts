import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { layRoot } from '../../src/system/fence/private-root.ts';
import { planRoot } from '../../src/system/fence/toolchain-paths.ts';
import { distccdProgram } from './daemon.ts';

/** The program between the daemon and a compiler. */
export const fence = join(dirname(distccdProgram), 'distccd-fence');

/** What a program said, and how it ended. */
export interface Said {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

/**
 * Makes a job's folder in a spool below `place`, and the words of a fence with a root of its own for programs found in
 * `tools`.
 */
export function rootedJob(
  place: string,
  tools: readonly string[] = [],
): { folder: string; words: string[]; root: string } {
  const [folder, root] = [join(place, 'spool/rooted'), join(place, 'spool/root')];
  mkdirSync(folder, { recursive: true });
  const plan = planRoot('/bin/sh', { directories: ['/usr/bin', ...tools], temporary: join(place, 'spool') });
  layRoot(root, plan);
  return { folder, root, words: [root, String(plan.shown.length), ...plan.shown] };
}

/** Runs a program inside the fence. */
export function runFenced(words: readonly string[], folder: string, program: readonly string[]): Said {
  const [path = '', ...more] = program;
  const { status, signal, stdout, error } = spawnSync(fence, [...words, path, path, ...more], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) throw error;
  return { status, signal, said: stdout };
}

/** The same for a shell's script, with what goes to stderr. */
export const runScript = (words: readonly string[], folder: string, script: string): Said =>
  runFenced(words, folder, ['/bin/sh', '-c', `exec 2>&1\n${script}`]);

/** Whether this kernel can do that; says so where a test has to be left out. */
export function kernelHas(what: string, there: boolean): boolean {
  if (!there) console.log(`skipped: what needs ${what}, which this kernel lacks`);
  return there;
}

/** Whether the kernel is of this version at least. */
export function isKernel(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = release().split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
