import { writeFileSync } from 'node:fs';

/**
 * Sets how likely the kernel kills this process, and programs that it starts later, when memory runs out (proc(5),
 * Linux only). Throws when the kernel refuses: only root may go below the present number.
 */
export function setOomScore(score: number): void {
  writeFileSync('/proc/self/oom_score_adj', `${score}\n`, { flag: 'r+' });
}
