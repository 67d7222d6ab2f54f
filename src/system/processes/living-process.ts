import { readKernelFile } from '../kernel-file.ts';

/** The state letter of a process from proc_pid_stat(5); undefined without such a file. */
function stateOf(pid: number): string | undefined {
  const text = readKernelFile(`/proc/${pid}/stat`);
  return text[text.lastIndexOf(')') + 2];
}

/**
 * Whether a process of any account runs. A zombie does not: an ended process keeps its id until its parent has waited
 * for it, which the first process of a container may never do.
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
