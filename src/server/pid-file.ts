import { constants, ftruncateSync, lstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure, reasonOf } from '../basics/failure.ts';

/**
 * Opens the pid file while root's rights last; the result writes the process id, once everything else has worked. The file stays
 * root's: whoever stops a daemon believes what it says.
 * @throws Failure (status 107)
 */
export function openPidFile(path: string): () => void {
  try {
    const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
    const descriptor = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o644);
    return () => {
      ftruncateSync(descriptor);
      writeSync(descriptor, `${process.pid}\n`, 0);
    };
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `cannot write the pid file "${path}": ${reasonOf(error)}; choose a place that this account may write with --pid-file`,
    );
  }
}

/** Takes the pid file away when the daemon ends; in a directory that only root may write it stays, naming a process that is gone. */
export function removePidFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or root's.
  }
}

/** Takes away a pid file that was made ready for a daemon that could not start; one with a number in it may be another daemon's. */
export function removeUnusedPidFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true && found.size === 0) removePidFile(path);
}
