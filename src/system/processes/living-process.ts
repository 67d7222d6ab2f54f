import { textOf } from '../text-of.ts';

/** The state letter of a process in proc_pid_stat(5), after its name; undefined where there is no such file. */
function stateOf(pid: number): string | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  return text[text.lastIndexOf(')') + 2];
}

/**
 * Whether a process runs, of whichever account. One that has ended keeps its number until its parent has waited for it,
 * and the first process of a container may never do that: it does not run.
 */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const state = stateOf(pid);
  return state !== 'Z' && state !== 'X';
}
