import { statSync } from 'node:fs';
import { join } from 'node:path';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { distccDirectory } from '../config/client-environment.ts';
import type { Environment } from '../config/client-environment.ts';
import { listJobs } from '../job-state/state-folder.ts';
import type { StateListing } from '../job-state/state-folder.ts';
import { errorCode, systemReason } from '../system/error-text.ts';

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
 * How to look at the jobs of one account, by their state files.
 * @throws Failure (status 101) without DISTCC_DIR and HOME, (status 107) when the directory cannot be read, then or at
 *   a later look
 */
export function findJobs(environment: Environment): () => StateListing {
  const directory = distccDirectory(environment);
  if (directory === undefined) {
    throw new Failure(exitStatus.badArguments, 'neither DISTCC_DIR nor HOME is set: set one of them to find the jobs');
  }
  if ((environment['DISTCC_DIR'] ?? '') !== '') requireDirectory(directory);
  return () => look(directory);
}
