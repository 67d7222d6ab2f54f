import { writeFileSync } from 'node:fs';

/**
 * Gives this process the name by which ps(1), top(1), pgrep(1) and killall(1) know it; its words stay. A script that
 * its interpreter was told to run is known by the interpreter's. Does nothing where there is no /proc/self/comm
 * (proc(5)).
 */
export function nameProcess(name: string): void {
  try {
    writeFileSync('/proc/self/comm', name);
  } catch {
    // It works under any name.
  }
}
