import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { errorCode, systemReason } from '../../system/error-text.ts';

/** A request to reload: the whole new command line, and what else needs a restart. */
export interface ReloadRequest {
  readonly words: readonly string[];
  /** What needs a restart, by names for the administrator. */
  readonly waiting: readonly string[];
}

/**
 * Reads the file of `--reload-file`: one word a line; then, after an empty line, the names of what needs a restart.
 * Undefined when the file does not exist: then the options stay.
 * @throws Failure (status 107)
 */
export function readReloadFile(path: string): ReloadRequest | undefined {
  try {
    const [words = '', waiting = ''] = readFileSync(path, 'utf8').split(/^\n/m, 2);
    const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
    return { words: lines(words), waiting: lines(waiting) };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new Failure(
      exitStatus.inputOutput,
      `cannot read the options in "${path}": ${systemReason(error)}; correct --reload-file`,
    );
  }
}

/** Reports the result of a reload to the program that waits at the FIFO beside the file, if there is one. */
export function answerReload(path: string, outcome: 'applied' | 'refused'): void {
  try {
    const descriptor = openSync(`${path}.answer`, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      if (fstatSync(descriptor).isFIFO()) writeSync(descriptor, `${outcome}\n`);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Nobody waits, as after a signal that was sent by hand.
  }
}
