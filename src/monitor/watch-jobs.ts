import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { distccDirectory } from '../config/client-environment.ts';
import type { Environment } from '../config/client-environment.ts';
import { listJobs } from '../job-state/state-folder.ts';
import type { StateListing } from '../job-state/state-folder.ts';
import { errorCode, systemReason } from '../system/error-text.ts';
import { jobsText } from './jobs-text.ts';

/** What a monitor looks at, and where it prints. */
export interface Watch {
  readonly environment: Environment;
  /** The pause between two looks, in ms; 0 to look once. */
  readonly delay: number;
  /** Prints a text; false when its reader is gone. */
  print(this: void, text: string): boolean;
  warn(this: void, sentence: string): void;
}

/** The jobs in a folder; none when the folder does not exist yet. */
function look(directory: string): StateListing {
  try {
    return listJobs(join(directory, 'state'), Date.now());
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { jobs: [], complaints: [] };
    throw new Failure(exitStatus.inputOutput, `cannot read "${join(directory, 'state')}": ${systemReason(error)}`, {
      cause: error,
    });
  }
}

function requireDirectory(directory: string): void {
  try {
    if (statSync(directory).isDirectory()) return;
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `DISTCC_DIR names "${directory}", which cannot be read: ${systemReason(error)}`,
      { cause: error },
    );
  }
  throw new Failure(exitStatus.inputOutput, `DISTCC_DIR names "${directory}", which is not a directory`);
}

/**
 * Shows the jobs of one account once, or repeatedly until the reader is gone.
 * @throws Failure (status 101) without DISTCC_DIR and HOME, (status 107) when the directory cannot be read
 */
export async function watchJobs({ environment, delay, print, warn }: Watch): Promise<void> {
  const directory = distccDirectory(environment);
  if (directory === undefined) {
    throw new Failure(exitStatus.badArguments, 'neither DISTCC_DIR nor HOME is set: set one of them to find the jobs');
  }
  if ((environment['DISTCC_DIR'] ?? '') !== '') requireDirectory(directory);
  for (;;) {
    const { jobs, complaints } = look(directory);
    complaints.forEach(warn);
    if (!print(jobsText(jobs)) || delay === 0) return;
    await sleep(delay);
  }
}
