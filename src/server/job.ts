import { closeSync, constants, lstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { exitStatus } from '../basics/exit-status.ts';
import { reasonOf } from '../basics/failure.ts';
import { formatLine, type Logger } from '../logging/log-line.ts';
import { errorCode } from '../system/error-text.ts';
import { endChild, StartError } from '../system/reaper.ts';
import type { Child, Spawn } from '../system/spawn.ts';
import type { Spool } from '../system/temporary-folder.ts';
import { limits } from '../wire/limits.ts';
import { exited } from '../wire/wait-status.ts';
import type { JobCommand } from './job-command.ts';
import { Overdue, Refusal } from './refusal.ts';

/** What a job needs of the daemon. */
export interface Workshop {
  readonly spool: Spool;
  readonly spawn: Spawn;
  readonly log: Logger;
  /** The compilers' environment as NAME=value. */
  readonly environment: readonly string[];
  /** A compiler that runs longer is ended, in ms. */
  readonly lifetimeMs: number;
  /** How long a compiler may take over SIGTERM before SIGKILL, in ms. */
  readonly graceMs: number;
}

/** What the compiler left. */
export interface Compiled {
  /** Raw wait status. */
  readonly status: number;
  readonly stderr: Buffer;
  readonly stdout: Buffer;
  /** Empty unless the status is 0. */
  readonly object: Buffer;
}

const empty = Buffer.alloc(0);
const stdoutFile = '.stdout';
const stderrFile = '.stderr';

/**
 * Runs one compile in a folder of its own, which is gone afterwards whatever happens.
 * @throws the signal's reason when the job is given up, Refusal when its result cannot be sent
 */
export async function runJob(
  command: JobCommand,
  source: () => Buffer,
  signal: AbortSignal,
  workshop: Workshop,
): Promise<Compiled> {
  const folder = lend(workshop.spool);
  try {
    writeFileSync(`${folder}/${command.input}`, source(), { flag: 'wx', mode: 0o600 });
    const status = await compile(command, folder, signal, workshop);
    return {
      status,
      stderr: readOutput(`${folder}/${stderrFile}`, 'messages'),
      stdout: readOutput(`${folder}/${stdoutFile}`, 'standard output'),
      object: status === 0 ? readOutput(`${folder}/${command.output}`, 'object') : empty,
    };
  } catch (error) {
    if (error instanceof StartError) return notStarted(command, error, workshop.log);
    throw noRoom(error) ?? error;
  } finally {
    await workshop.spool.takeBack(folder).catch((error: unknown) => {
      workshop.log.error(`${reasonOf(error)}, a job's folder: the next start of the daemon tries again`);
    });
  }
}

function lend(spool: Spool): string {
  try {
    return spool.lend();
  } catch (error) {
    throw noRoom(error) ?? error;
  }
}

/** A disk that is full is the administrator's to cure, and no fault of the program. */
function noRoom(error: unknown): Refusal | undefined {
  const code = errorCode(error);
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EROFS') return undefined;
  return new Refusal(
    `no room for the job in the temporary directory of this server (${code}): its administrator can empty it, or set TMPDIR to another`,
  );
}

/** distcc's answer when the compiler is not there: exit status 110 and the reason (wire-protocol reference, section 5). */
function notStarted(command: JobCommand, error: StartError, log: Logger): Compiled {
  const reason = error.code === 'ENOENT' ? 'No such file or directory' : error.message;
  const text = `failed to exec ${command.argv[0] ?? ''}: ${reason}`;
  log.error(text);
  const stderr = Buffer.from(`${formatLine('distccd', 'error', text)}\n`);
  return { status: exited(exitStatus.compilerMissing), stderr, stdout: empty, object: empty };
}

async function compile(command: JobCommand, folder: string, signal: AbortSignal, workshop: Workshop): Promise<number> {
  if (workshop.log.writes('debug')) workshop.log.debug(`exec ${command.path}: ${command.argv.join(' ')}`);
  const child = workshop.spawn({
    path: command.path,
    argv: command.argv,
    environment: workshop.environment,
    directory: folder,
    stdout: `${folder}/${stdoutFile}`,
    stderr: `${folder}/${stderrFile}`,
  });
  return finish(child, signal, workshop);
}

/** Waits for the compiler; when the job is given up or overdue, ends its whole process group. */
async function finish(child: Child, signal: AbortSignal, { lifetimeMs, graceMs }: Workshop): Promise<number> {
  let ended = false;
  let overdue = false;
  const giveUp = (): void => {
    if (!ended) endChild(child, 'SIGTERM', graceMs).catch(() => child.signal('SIGKILL'));
  };
  const timer = setTimeout(() => {
    overdue = true;
    giveUp();
  }, lifetimeMs);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    const status = await child.ended;
    if (overdue) throw new Overdue('the compiler ran too long');
    signal.throwIfAborted();
    return status;
  } finally {
    ended = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    // Nothing that the compiler started may outlive its job.
    child.signal('SIGKILL');
  }
}

/** Reads a file that the compiler wrote; a missing one is empty, as for distcc, which makes it beforehand. */
function readOutput(path: string, what: string): Buffer {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || (found.isFile() && found.size === 0)) return empty;
  // The compiler may have put a link or a pipe there.
  if (!found.isFile()) throw new Refusal(`the ${what} of the compiler is no plain file: compile this file locally`);
  if (found.size > limits.bodyLength) {
    throw new Refusal(
      `the ${what} of the compiler is larger than ${limits.bodyLength} bytes: compile this file locally`,
    );
  }
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.allocUnsafe(found.size);
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, bytes.length - filled, null);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}
