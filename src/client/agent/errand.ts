import { closeSync, statSync } from 'node:fs';
import type { Environment } from '../../config/client-environment.ts';
import { exited } from '../../wire/wait-status.ts';
import { compile } from '../compile.ts';
import { Interrupted } from '../faults.ts';
import { reportFailure } from '../report-failure.ts';
import { openLog } from '../text-log.ts';
import { jobWorld, openForAppending } from './job-world.ts';
import type { Shared } from './job-world.ts';
import type { Launcher } from './launcher.ts';
import type { JobMessage } from './messages.ts';

function environmentOf(variables: readonly string[]): Environment {
  const environment: Record<string, string> = {};
  for (const variable of variables) {
    const at = variable.indexOf('=');
    if (at > 0) environment[variable.slice(0, at)] = variable.slice(at + 1);
  }
  return environment;
}

/** Whether the launcher's directory is the one that we find under its name: it may live in a container, or have lost it. */
function seesTheSame({ directory, device, inode }: JobMessage): boolean {
  const found = directory === '' ? undefined : statSync(directory, { bigint: true, throwIfNoEntry: false });
  return found !== undefined && found.dev === device && found.ino === inode;
}

/** Does one launcher's job and tells it how to end; never rejects. */
export async function runErrand(job: JobMessage, launcher: Launcher, shared: Shared): Promise<void> {
  let logFile: number | undefined;
  try {
    if (!job.faithful || !seesTheSame(job)) {
      launcher.giveBack();
      return;
    }
    const environment = environmentOf(job.variables);
    const [argv0 = '', ...words] = job.words;
    const call = { argv0, words, environment, directory: job.directory };
    const log = openLog(environment, {
      pid: job.pid,
      write: (descriptor, bytes) => launcher.write(descriptor, bytes),
      open: (path) => (logFile = openForAppending(path, job)),
    });
    const world = jobWorld({ call, job, launcher, log }, shared);
    let status: number;
    try {
      status = await compile(call, world);
    } catch (error) {
      status = reportFailure(error, log);
      if (error instanceof Interrupted) return;
    } finally {
      world.state.remove();
    }
    log.info(`exit: code ${status}`);
    launcher.exit(exited(status));
  } catch {
    // Whatever it is, the launcher can do the job alone, and says what is wrong if that is wrong there too.
    launcher.giveBack();
  } finally {
    if (logFile !== undefined) closeSync(logFile);
  }
}
