import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import type { ExitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { descriptorCovers } from '../../system/processes/inheritance.ts';

/** A variable for the detached daemon: the descriptor on which its starter waits for the report. */
const reportVariable = '_DISTCCD_REPORT_FD';

/** A daemon's report to its starter, which prints the lines and exits with the status. */
export interface StartReport {
  readonly status: ExitStatus;
  /** Lines for the starter's stderr. */
  readonly lines: readonly string[];
}

/** Whether this process is a daemon whose starter waits for a report. */
export const isDetached = (environment: NodeJS.ProcessEnv): boolean => environment[reportVariable] !== undefined;

/** Starts this program again in a session of its own; its report comes on descriptor 3 of `stdio`. */
function spawnApart(words: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...words], {
    // FreeBSD's rc.subr(8) finds the daemon by its command line, which must begin with the interpreter of the
    // script's first line.
    argv0: process.argv0,
    detached: true,
    cwd: '/',
    env: { ...environment, [reportVariable]: '3' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...descriptorCovers(4)],
  });
}

/**
 * Starts a daemon for which this process need not stay. Calls back when the daemon has reported, or has ended, if this
 * process is there by then.
 */
export function leaveDetached(words: readonly string[], environment: NodeJS.ProcessEnv, reported: () => void): void {
  const child = spawnApart(words, environment);
  child.once('error', reported).unref();
  const [, , , pipe] = child.stdio;
  if (pipe instanceof Socket) pipe.once('close', reported).resume().unref();
}

/**
 * Starts the daemon in a session of its own, without the starter's stdin, stdout and stderr, and waits for its report.
 * Node cannot fork, so the daemon is the same program started again, which opens its sockets itself.
 */
export function startDetached(words: readonly string[]): Promise<StartReport> {
  return new Promise((resolve, reject) => {
    const child = spawnApart(words, process.env);
    let text = '';
    const pipe = child.stdio[3];
    pipe?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    // The pipe closes after the report, or when the daemon ends.
    pipe?.once('close', () => {
      child.unref();
      resolve(parseReport(text));
    });
    child.once('error', (error) =>
      reject(new Failure(exitStatus.general, `cannot start the daemon: ${error.message}`)),
    );
  });
}

function parseReport(text: string): StartReport {
  const [status, ...lines] = text.split('\n').filter((line) => line !== '');
  const known = Object.values(exitStatus).find((value) => String(value) === status);
  if (known === undefined)
    return { status: exitStatus.general, lines: ['ERROR: the daemon ended before it was listening'] };
  return { status: known, lines };
}

/** Sends the report to the waiting starter, if there is one. */
export function reportStart(environment: NodeJS.ProcessEnv, report: StartReport): void {
  const descriptor = Number(environment[reportVariable]);
  if (!isDetached(environment)) return;
  delete environment[reportVariable];
  try {
    writeSync(descriptor, [report.status, ...report.lines, ''].join('\n'));
    closeSync(descriptor);
  } catch {
    // The starter is gone: nobody waits for the report.
  }
}
