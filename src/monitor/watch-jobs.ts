import { setTimeout as sleep } from 'node:timers/promises';
import type { StateListing } from '../job-state/state-folder.ts';
import { jobsText } from './jobs-text.ts';

/** What a monitor prints to. */
export interface Printer {
  /** Prints a text; false when its reader is gone. */
  print(this: void, text: string): boolean;
  warn(this: void, sentence: string): void;
}

/**
 * Prints the jobs that `look` finds once, or again after each `delay` in ms until the reader is gone.
 * @throws what `look` throws
 */
export async function watchJobs(look: () => StateListing, delay: number, { print, warn }: Printer): Promise<void> {
  for (;;) {
    const { jobs, complaints } = look();
    complaints.forEach(warn);
    if (!print(jobsText(jobs)) || delay === 0) return;
    await sleep(delay);
  }
}
