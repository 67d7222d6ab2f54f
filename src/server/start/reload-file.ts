import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { errorCode, systemReason } from '../../system/error-text.ts';

/**
 * What whoever asks for a reload wrote down: the whole command line as it is to be, and what else waits for a restart.
 */
export interface ReloadRequest {
  readonly words: readonly string[];
  /** Names for the administrator. */
  readonly waiting: readonly string[];
}

/**
 * Reads the file of `--reload-file`: a word in each line, then, after an empty line, names of what waits for a restart.
 * Undefined when there is no such file: then nobody wants other options.
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

/** Tells whoever waits at the FIFO beside the file how the reload went; does nothing when nobody does. */
export function answerReload(path: string, outcome: 'applied' | 'refused'): void {
  try {
    const descriptor = openSync(`${path}.answer`, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      if (fstatSync(descriptor).isFIFO()) writeSync(descriptor, `${outcome}\n`);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Nobody waits, as after a signal by hand.
  }
}
