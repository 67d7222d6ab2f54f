import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { Logger } from '../../logging/log-line.ts';
import { Interrupted } from './faults.ts';

/** Logs why a call of the client failed and returns its exit status. Throws any error that was not foreseen. */
export function reportFailure(error: unknown, log: Logger): number {
  if (error instanceof Interrupted) {
    log.info('terminated by a signal');
    return exitStatus.general;
  }
  if (!(error instanceof Failure)) throw error;
  if (error.status === exitStatus.recursion) log.critical(error.message);
  else log.error(error.message);
  return error.status;
}
