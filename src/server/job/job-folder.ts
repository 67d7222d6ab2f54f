import { exitStatus } from '../../basics/exit-status.ts';
import { formatLine } from '../../logging/log-line.ts';
import type { Logger } from '../../logging/log-line.ts';
import { systemReason } from '../../system/error-text.ts';
import { endChild } from '../../system/processes/reaper.ts';
import type { StartError } from '../../system/processes/reaper.ts';
import type { Child, Spawn } from '../../system/processes/spawn.ts';
import { exited, readWaitStatus } from '../../wire/wait-status.ts';
import type { Compiled } from './answer.ts';
import type { ClientLog } from '../log/log-limit.ts';
import { Overdue } from '../policy/refusal.ts';
import { noRoom } from './full-disk.ts';
import type { JobFolder, JobPlaces } from './job-places.ts';
import type { Said } from './output-files.ts';
import { ResultFile } from './result-file.ts';

/** What a job needs of the daemon. */
export interface JobTools {
  readonly places: JobPlaces;
  readonly spawn: Spawn;
  readonly log: Logger;
  /** The compilers' environment as NAME=value. */
  readonly environment: readonly string[];
  /** How long a compiler may run, in ms. */
  readonly lifetimeMs: number;
  /** The time between SIGTERM and SIGKILL for a compiler, in ms. */
  readonly graceMs: number;
}

/**
 * Lends a folder to a job; it is gone afterwards whatever happens.
 * @throws what the job throws, or Refusal where the disk is full
 */
export async function inJobFolder<T>({ places, log }: JobTools, job: (folder: JobFolder) => Promise<T>): Promise<T> {
  const folder = lend(places);
  try {
    return await job(folder);
  } catch (error) {
    throw noRoom(error) ?? error;
  } finally {
    await places.takeBack(folder).catch((error: unknown) => {
      log.error(`${systemReason(error)}, a job's folder: the next start of the daemon tries again`);
    });
  }
}

function lend(places: JobPlaces): JobFolder {
  try {
    return places.lend();
  } catch (error) {
    throw noRoom(error) ?? error;
  }
}

/** A compiler's command. */
interface CompilerCommand {
  readonly path: string;
  readonly argv: readonly string[];
}

/** How a compiler ended: its raw wait status, and what it said. */
export type Ended = Said & Pick<Compiled, 'status'>;

/** Starts a compiler in a job's folder and waits for it. @throws StartError, Refusal, or why it was ended */
export async function runCompiler(
  { path, argv }: CompilerCommand,
  folder: JobFolder,
  { signal, log }: { readonly signal: AbortSignal; readonly log: ClientLog },
  tools: JobTools,
): Promise<Ended> {
  if (log.writes('debug')) log.say('a command', 'debug', `exec ${path}: ${argv.join(' ')}`);
  const outputs = tools.places.outputs.lend(folder.path);
  let child: Child;
  let status: number;
  try {
    const { stdout, stderr } = outputs;
    const { environment } = tools;
    child = tools.spawn({ path, argv, environment, directory: folder.path, stdout, stderr });
    status = await finish(child, signal, tools);
  } catch (error) {
    folder.isSpoiled = true;
    outputs.drop();
    throw error;
  }
  // The fence's own process may have been killed, and then the others end a moment later.
  const isOver = child.endsWhole === true && readWaitStatus(status).kind === 'exited';
  folder.isSpoiled ||= !isOver;
  return { status, ...outputs.take(isOver) };
}

/** Waits for the compiler. When the job is given up or takes too long, its whole process group is killed. */
async function finish(child: Child, signal: AbortSignal, { lifetimeMs, graceMs }: JobTools): Promise<number> {
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
    if (!child.endsWhole) child.signal('SIGKILL');
  }
}

/** Opens a file by its name in the folder; `what` it is, for the client. */
export type Open = (name: string, what: string) => ResultFile;

/** Opens what a compiler left in its folder besides what it said; a failure leaves nothing open. @throws Refusal */
export function openResults<T>({ path }: JobFolder, ended: Ended, results: (open: Open) => T): T & Ended {
  const opened = [ended.stdout, ended.stderr];
  const open: Open = (name, what) => {
    const file = ResultFile.open(`${path}/${name}`, what);
    opened.push(file);
    return file;
  };
  try {
    return { ...ended, ...results(open) };
  } catch (error) {
    for (const file of opened) file.close();
    throw error;
  }
}

/**
 * distcc's answer when the compiler cannot be started: exit status 110 and the reason (doc/protocol.md, "Response").
 */
export function notStarted({ argv }: CompilerCommand, error: StartError, log: ClientLog): Compiled {
  const reason = error.code === 'ENOENT' ? 'No such file or directory' : error.message;
  const text = `failed to exec ${argv[0] ?? ''}: ${reason}`;
  log.say('a compiler that could not be started', 'error', text);
  const stderr = ResultFile.of(Buffer.from(`${formatLine('distccd', 'error', text)}\n`));
  const { empty } = ResultFile;
  const refused = { reason: 'compiler_missing', sentence: text } as const;
  return { status: exited(exitStatus.compilerMissing), stderr, stdout: empty, object: empty, refused };
}
