import { closeSync, statSync } from 'node:fs';
import type { Environment } from '../../config/client-environment.ts';
import { exited } from '../../wire/wait-status.ts';
import { compile } from '../compile.ts';
import { Interrupted } from '../faults.ts';
import { reportFailure } from '../report-failure.ts';
import { openLog } from '../text-log.ts';
import { understand } from '../job.ts';
import { locate } from '../run-children.ts';
import type { Call, World } from '../world.ts';
import { changesOf, jobWorld, openForAppending } from './job-world.ts';
import type { Errand, Shared } from './job-world.ts';
import type { Launcher } from './launcher.ts';
import type { JobMessage } from './messages.ts';

/** Environments by the lists they were made from: jobs of one build share both. */
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

/** Whether the launcher's directory is the one that we find under its name: it may live in a container, or have lost it. */
function seesTheSame({ directory, device, inode }: JobMessage): boolean {
  const found = directory === '' ? undefined : statSync(directory, { throwIfNoEntry: false });
  // Numbers that are too big for exact ones are rounded alike.
  return found !== undefined && found.dev === Number(device) && found.ino === Number(inode);
}

/** A command that we cannot read, or whose directory is gone, is the compiler's alone: it gets the very bytes. */
async function leaveAlone({ call, job, launcher, log }: Errand, world: World): Promise<void> {
  const { argv, environment } = understand(call, world.tools, log);
  const { path, argv: named } = locate({ argv, environment }, call.directory === '' ? '/' : call.directory);
  const slot = await world.slots.takeLocal(world.hosts().localSlots, 'compile');
  try {
    const own = job.words.length - argv.length + 1;
    log.info('running locally: its words are no UTF-8, or its directory is gone');
    const changes = changesOf(call.environment, environment);
    await launcher.become({ number: own, path, argv: [named[0] ?? path], changes });
  } finally {
    slot?.lock.release();
  }
}

/** The exit status of a job; undefined for one that was interrupted. */
async function statusOf(call: Call, world: World): Promise<number | undefined> {
  try {
    return await compile(call, world);
  } catch (error) {
    const status = reportFailure(error, world.log);
    return error instanceof Interrupted ? undefined : status;
  }
}

/** Does one launcher's job and tells it how to end; never rejects. */
export async function runErrand(job: JobMessage, launcher: Launcher, shared: Shared): Promise<void> {
  let logFile: number | undefined;
  try {
    const environment = environmentOf(job.variables);
    const [argv0 = '', ...words] = job.words;
    const call = { argv0, words, environment, directory: job.directory };
    const log = openLog(environment, {
      pid: job.pid,
      write: (descriptor, bytes) => launcher.write(descriptor, bytes),
      open: (path) => (logFile = openForAppending(path, job)),
    });
    const world = jobWorld({ call, job, launcher, log }, shared);
    if (!job.faithful || job.directory === '') {
      await leaveAlone({ call, job, launcher, log }, world);
      return;
    }
    if (!seesTheSame(job)) {
      launcher.giveBack();
      return;
    }
    try {
      const status = await statusOf(call, world);
      if (status === undefined) return;
      log.info(`exit: code ${status}`);
      launcher.exit(exited(status));
    } finally {
      // Behind the end of the job: the build waits for that, and monitors pass over what a process that is gone has left.
      world.state.remove();
    }
  } catch {
    // Whatever it is, the launcher can do the job alone, and says what is wrong if that is wrong there too.
    launcher.giveBack();
  } finally {
    if (logFile !== undefined) closeSync(logFile);
  }
}
