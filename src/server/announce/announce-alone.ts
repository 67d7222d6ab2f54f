import { processors, usualJobs } from '../../system/machine/processors.ts';
import os from 'node:os';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { become, canBecome, startChild } from '../../system/processes/child.ts';
import { findProgram } from '../../system/files/path-search.ts';
import { readWaitStatus } from '../../wire/wait-status.ts';
import { askCompiler, publisher, publisherWords } from './avahi.ts';

/**
 * Announces a server that another unit of systemd runs, which itself cannot reach Avahi. This process becomes the
 * publisher; where that is not possible, it waits for the publisher and returns its exit status.
 * @throws Failure (status 110) when there is no publisher
 */
export async function announceAlone(
  { port, jobs = usualJobs() }: { readonly port: number; readonly jobs: number | undefined },
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const path = findProgram(publisher, { path: environment['PATH'], directory: '/' });
  if (path === undefined) {
    throw new Failure(
      exitStatus.compilerMissing,
      `cannot announce this server: there is no ${publisher}; install avahi-utils, or take ZEROCONF out of /etc/default/distccd`,
    );
  }
  const compiler = await askCompiler(environment);
  const cpus = processors();
  const argv = [publisher, ...publisherWords({ port, jobs, host: os.hostname(), cpus, compiler })];
  if (canBecome) become(path, argv, environment);
  const { ended } = startChild({ path, argv, environment, stdin: 'null', stdout: 'inherited', group: 'ours' });
  const end = readWaitStatus(await ended);
  return end.kind === 'exited' ? end.code : exitStatus.general;
}
