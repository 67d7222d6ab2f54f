import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Whether a process that we started has ended. */
export const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/**
 * Asks a process that we started to end: a daemon finishes its jobs at the first signal and ends them at the second;
 * then it is killed.
 */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const again = setTimeout(() => child.kill('SIGTERM'), 1000);
  const insist = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(again);
  clearTimeout(insist);
}

/** Ends a process that was started as the leader of a group, and everything it started. */
export function endGroup(leader: ChildProcess): void {
  if (leader.pid === undefined || hasEnded(leader)) return;
  try {
    process.kill(-leader.pid, 'SIGTERM');
  } catch {
    // The whole group is gone already.
  }
}
