import { writeFileSync } from 'node:fs';

/**
 * Sets how soon the kernel ends this process, and programs that it starts from now on, when memory runs out (proc(5),
 * Linux only). Throws when the kernel refuses, which it does to others than root for a number below the present one.
 */
export function setOomScore(score: number): void {
  writeFileSync('/proc/self/oom_score_adj', `${score}\n`, { flag: 'r+' });
}
