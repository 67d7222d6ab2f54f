import { openSync } from 'node:fs';
import { readVariable } from '../config/client-environment.ts';
import type { Environment } from '../config/client-environment.ts';
import { formatText, type Level, levels, type Logger } from '../logging/log-line.ts';
import { systemReason } from '../system/error-text.ts';
import { writeAll } from '../system/write-all.ts';

/** Takes one finished line without its newline. */
export type LineSink = (line: string) => void;

/**
 * The client's log, in the same form as the daemon's. It is made for every compile, and loading the daemon's logger takes longer than
 * all else that a client does; a test keeps the lines of both equal.
 */
export function textLog(program: string, least: Level, sink: LineSink, pid = process.pid): Logger {
  const writes = (level: Level): boolean => levels[level] >= levels[least];
  const at = (level: Level): ((text: string) => void) =>
    writes(level) ? (text) => sink(`${program}[${pid}] ${formatText(level, text)}`) : () => {};
  return {
    critical: at('critical'),
    error: at('error'),
    warning: at('warning'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
    writes,
  };
}

/** Whose log it is, and how its lines get out of this process. */
export interface Outlet {
  /** The process that the user started. */
  readonly pid: number;
  /** Writes to a descriptor of that process. */
  write(descriptor: number, bytes: Buffer): void;
  /** Opens a file of the user's for appending. */
  open(path: string): number;
}

const thisProcess: Outlet = { pid: process.pid, write: writeAll, open: (path) => openSync(path, 'a', 0o666) };

/** Writes lines; a log that cannot be written stops nothing. */
function sinkTo(write: (bytes: Buffer) => void): LineSink {
  return (line) => {
    try {
      write(Buffer.from(`${line}\n`));
    } catch {
      // There is nowhere left to say so.
    }
  };
}

/**
 * The log that the environment asks for: warnings on stderr, DISTCC_LOG adds what happened and names a file, DISTCC_VERBOSE adds
 * everything (client-run reference, section 7).
 */
export function openLog(environment: Environment, outlet = thisProcess): Logger {
  const to = (descriptor: number): LineSink => sinkTo((bytes) => outlet.write(descriptor, bytes));
  const file = readVariable('DISTCC_LOG', environment);
  const verbose = readVariable('DISTCC_VERBOSE', environment);
  if (file === '') {
    const descriptor = readVariable('UNCACHED_ERR_FD', environment) ?? 2;
    return textLog('distcc', verbose ? 'debug' : 'warning', to(descriptor), outlet.pid);
  }
  const least = verbose ? 'debug' : 'info';
  try {
    const descriptor = outlet.open(file);
    return textLog(
      'distcc',
      least,
      sinkTo((bytes) => writeAll(descriptor, bytes)),
      outlet.pid,
    );
  } catch (error) {
    const log = textLog('distcc', least, to(2), outlet.pid);
    log.error(`failed to open logfile ${file}: ${systemReason(error)}`);
    return log;
  }
}
