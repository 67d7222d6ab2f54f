import { writeFileSync } from 'node:fs';

/**
 * Sets the name of this process for ps(1), top(1), pgrep(1) and killall(1), which would otherwise show "node". Its
 * command line stays the same. Does nothing without /proc/self/comm (proc(5)).
 */
export function nameProcess(name: string): void {
  try {
    writeFileSync('/proc/self/comm', name);
  } catch {
    // The name does not matter for its work.
  }
}
