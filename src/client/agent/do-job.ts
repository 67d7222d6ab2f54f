import type { Environment } from '../../config/client-environment.ts';
import type { Logger } from '../../logging/log-line.ts';
import { interruption } from '../builds/job-track.ts';
import { compile } from '../compile/compile.ts';
import { Interrupted } from '../job/faults.ts';
import { reportFailure } from '../job/report-failure.ts';
import { openLog } from '../user-files/text-log.ts';
import type { Effects } from '../compile/effects.ts';
import { unwatched } from '../compile/progress.ts';
import type { Progress } from '../compile/progress.ts';
import { JobEffects } from './job-effects.ts';
import type { Assignment } from './assignment.ts';
import type { Shared } from './job-effects.ts';
import type { Launcher } from './launcher.ts';
import type { JobMessage } from '../../wire/agent/job.ts';

/** Environments by the lists of variables they were made from: jobs of one build share both. */
const environments = new WeakMap<readonly string[], Environment>();

function environmentOf(variables: readonly string[]): Environment {
  const known = environments.get(variables);
  if (known !== undefined) return known;
  const environment: Record<string, string> = {};
  for (const variable of variables) {
    const at = variable.indexOf('=');
    if (at > 0) environment[variable.slice(0, at)] = variable.slice(at + 1);
  }
  environments.set(variables, environment);
  return environment;
}

/** The exit status of a job; undefined for one that was interrupted. */
async function statusOf({ call, log }: Assignment, effects: Effects): Promise<number | undefined> {
  try {
    return await compile(call, effects);
  } catch (error) {
    const status = reportFailure(error, log);
    return error instanceof Interrupted ? undefined : status;
  }
}

const faultText = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** What a job reports, and its exit status as far as that is learnt. */
export type Reported = Progress & { status?: number | undefined };

/** Does one launcher's job and tells it how to end; never rejects. */
export async function doJob(
  job: JobMessage,
  launcher: Launcher,
  shared: Shared,
  progress: Reported = { ...unwatched },
): Promise<void> {
  let log: Logger | undefined;
  const end = shared.notices.begin();
  try {
    const environment = environmentOf(job.variables);
    const [argv0 = '', ...words] = job.words;
    const call = { argv0, words, environment, directory: job.directory };
    log = openLog(environment, {
      pid: job.pid,
      write: (descriptor, bytes) => launcher.write(descriptor, bytes),
      append: (path, bytes) => launcher.append(path, bytes),
    });
    launcher.reaches = (mark) => progress.reached(mark, 0);
    const assignment = { call, job, launcher, log, progress };
    const effects = new JobEffects(assignment, shared);
    try {
      const status = await statusOf(assignment, effects);
      if (!effects.hasBecome) progress.status = status;
      if (status !== undefined) effects.end(status);
      else progress.staysHere(interruption);
    } finally {
      effects.state.remove();
    }
  } catch (error) {
    // Even after a bug the launcher can start an agent of its own, or become the compiler.
    progress.staysHere({ because: 'distcc has failed, see its log', cure: 'report what it says' });
    log?.critical(`this is a fault of distcc, please report it: ${faultText(error)}`);
    launcher.giveBack();
  } finally {
    end();
  }
}
