import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { versionBlock } from '../config/version.ts';
import { announceAlone } from '../server/announce/announce-alone.ts';
import { run } from './run.ts';

const usage = 'usage: distccd-announce PORT [JOBS]';

/** A wrong number of jobs is left for distccd to refuse. Without a number this announces the default of distccd. */
void run('distccd-announce', ([portWord = '', jobsWord = '']) => {
  if (portWord === '--help' || portWord === '--version') {
    process.stdout.write(`${portWord === '--help' ? usage : versionBlock('distccd-announce', 'protocols 1 and 2')}\n`);
    return exitStatus.ok;
  }
  const port = readWholeNumber(portWord, 1, 65535);
  if (port === undefined) throw new Failure(exitStatus.badArguments, usage);
  return announceAlone({ port, jobs: readWholeNumber(jobsWord, 1, 1000) }, process.env);
});
