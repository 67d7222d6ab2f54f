import { closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { distccDirectory, readVariable } from '../config/client-environment.ts';
import { openStateFile } from '../job-state/state-folder.ts';
import type { StateFile } from '../job-state/state-folder.ts';
import type { Logger } from '../logging/log-line.ts';
import { systemReason } from '../system/error-text.ts';
import { writeAll } from '../system/write-all.ts';
import { compressLzo } from '../wire/lzo/compress.ts';
import type { Connection } from './connection.ts';
import type { DistantHost } from './host.ts';
import { loadHosts } from './host-source.ts';
import type { Interruption } from './interruption.ts';
import { openLockFolder } from './lock-folder.ts';
import type { LockFolder } from './lock-folder.ts';
import { outputObstacle, saveOutput } from './output.ts';
import { childRunner } from './run-children.ts';
import { polledSlots } from './slots.ts';
import { toolsIn } from './tools.ts';
import { openNewFile } from './unique-name.ts';
import type { Call, World } from './world.ts';

/** Where the user's files are, for a user who has no home: nowhere. */
const homeless = "HOME is not set; can't find distcc directory";

function lockFolderOf(directory: string | undefined, restSeconds: number): LockFolder {
  if (directory !== undefined) return openLockFolder(`${directory}/lock`, restSeconds);
  const refuse = (): never => {
    throw new Error(homeless);
  };
  return { take: refuse, takeLocal: refuse, rests: () => false, rest: refuse, praise: refuse };
}

/** The state file of the client with this process id, in the user's folder if there is one. */
export function stateFileOf(folder: string | undefined, pid: number, log: Logger): StateFile {
  if (folder === undefined) return { know: () => {}, show: () => {}, remove: () => {} };
  return openStateFile(folder, pid, (error) => {
    log.debug(`monitors will not see this job: ${systemReason(error)}`);
  });
}

/** How a job with this environment reaches hosts; `messages` takes what ssh says, which otherwise goes to our stderr. */
export function connectionMaker(
  { environment, directory }: Pick<Call, 'environment' | 'directory'>,
  log: Logger,
  messages?: (bytes: Buffer) => void,
): (host: DistantHost) => Promise<Connection> {
  return async (host) => {
    const idleSeconds = readVariable('DISTCC_IO_TIMEOUT', environment);
    // Loaded when they are needed: most calls of a build system that are no compiles need neither.
    if (host.kind === 'ssh') {
      const ssh = readVariable('DISTCC_SSH', environment);
      const { connectSsh } = await import('./connect-ssh.ts');
      return connectSsh(host, idleSeconds, { ssh, environment, directory, messages });
    }
    const { connectTcp } = await import('./connect-tcp.ts');
    return connectTcp(host, idleSeconds, (address) => log.debug(`connecting to ${address} port ${host.port}`));
  };
}

/** Writes what the user sees; an output that nobody reads any more is no reason to fail a compile. */
function tell(to: 'stdout' | 'stderr', bytes: Buffer): void {
  try {
    writeAll(to === 'stdout' ? 1 : 2, bytes);
  } catch {
    // A closed pipe: the compiler itself would not do better.
  }
}

/** Keeps a host's messages in a new temporary file when the user wants that. */
export function keepMessages(
  bytes: Buffer,
  { keep, temporary, log }: { keep: boolean; temporary: string; log: Logger },
): void {
  if (!keep) return;
  const nameOf = (digits: string): string => join(temporary, `distcc_server_stderr_${digits}.txt`);
  try {
    const { descriptor } = openNewFile(nameOf, 0o600);
    writeFileSync(descriptor, bytes);
    closeSync(descriptor);
  } catch (error) {
    log.warning(`cannot keep the messages of the server in "${temporary}": ${systemReason(error)}`);
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The world of a client that is started for one compile: this process, this machine, the user's files. */
export function thisMachine({ environment, directory }: Call, log: Logger, interruption: Interruption): World {
  const complain = (sentence: string): void => log.warning(sentence);
  const folder = distccDirectory(environment);
  const restSeconds = readVariable('DISTCC_BACKOFF_PERIOD', environment, complain);
  const temporary = readVariable('TMPDIR', environment);
  const keep = readVariable('DISTCC_SAVE_TEMPS', environment);
  const stateFolder = folder === undefined ? undefined : `${folder}/state`;
  const { preprocess, runHere } = childRunner({ directory, temporary, keep, stateFolder, interruption });
  return {
    log,
    tools: toolsIn(directory),
    state: stateFileOf(stateFolder, process.pid, log),
    slots: polledSlots({
      locks: lockFolderOf(folder, restSeconds),
      log,
      interrupted: interruption.signal,
      pause: (milliseconds) => setTimeout(milliseconds),
      pauseWished: readVariable('DISTCC_PAUSE_TIME_MSEC', environment, complain),
    }),
    interrupted: interruption.signal,
    backOff: restSeconds > 0,
    preprocessAhead: false,
    hosts: once(() => loadHosts(environment)),
    preprocess,
    connect: connectionMaker({ environment, directory }, log),
    runHere,
    readSource: (path) => readFileSync(path),
    outputObstacle,
    pack: (text) => Promise.resolve(compressLzo(text)),
    saveOutput,
    keepMessages: (bytes) => keepMessages(bytes, { keep, temporary, log }),
    tell,
    seconds: () => performance.now() / 1000,
  };
}
