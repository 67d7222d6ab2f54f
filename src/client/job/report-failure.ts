import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { Logger } from '../../logging/log-line.ts';
import { Interrupted } from './faults.ts';

/** Says why a call of the client failed, and gives its exit status; what was not foreseen is thrown again. */
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
