import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { announceAlone } from '../server/announce-alone.ts';
import { run } from './run.ts';

/** A number of jobs that is no number is for distccd to refuse; what is announced without one is what distccd does without one. */
void run('distccd-announce', ([portWord = '', jobsWord = '']) => {
  const port = readWholeNumber(portWord, 1, 65535);
  if (port === undefined) throw new Failure(exitStatus.badArguments, 'usage: distccd-announce PORT [JOBS]');
  return announceAlone({ port, jobs: readWholeNumber(jobsWord, 1, 1000) }, process.env);
});
