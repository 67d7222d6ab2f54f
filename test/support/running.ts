import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { lives } from '../../src/system/processes/living-process.ts';

/** The processes that run with these words, as pgrep(1) would find them, which not every machine has. */
export function pidsOf(...words: readonly string[]): number[] {
  const wanted = words.map((word) => `${word}\0`).join('');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === wanted && lives(pid);
      } catch {
        return false;
      }
    });
}

/** The id of a process that has just ended. */
export function deadPid(): number {
  return Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
}
