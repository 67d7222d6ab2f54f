import { readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import { formatText, levels } from '../../logging/log-line.ts';
import type { Level, Logger } from '../../logging/log-line.ts';
import { bytesOf } from '../../system/byte-text.ts';

/** Takes one finished line without its newline. */
export type LineSink = (line: string) => void;

/**
 * The client's log, with lines as the daemon's. It is made for every job and does without pino, whose loading takes
 * longer than all else that a client does; a test compares the lines of both loggers.
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

/** The process whose log it is, and how to reach its descriptors and files. */
export interface Outlet {
  /** The process that the user started. */
  readonly pid: number;
  /** Writes to a descriptor of that process. */
  write(descriptor: number, bytes: Buffer): void;
  /** Appends to a file of the user, or reports on stderr why that failed. */
  append(path: string, bytes: Buffer): void;
}

/**
 * The log that the environment asks for: warnings on stderr; with DISTCC_LOG also level info, in that file; with
 * DISTCC_VERBOSE everything (doc/distcc-behaviour.md, "Variables of the client"). Names, words and lines are byte
 * texts.
 */
export function openLog(environment: Environment, outlet: Outlet): Logger {
  const file = readVariable('DISTCC_LOG', environment);
  const verbose = readVariable('DISTCC_VERBOSE', environment);
  const write = (line: string, to: (bytes: Buffer) => void): void => to(bytesOf(`${line}\n`));
  if (file !== '')
    return textLog(
      'distcc',
      verbose ? 'debug' : 'info',
      (line) => write(line, (bytes) => outlet.append(file, bytes)),
      outlet.pid,
    );
  const descriptor = readVariable('UNCACHED_ERR_FD', environment) ?? 2;
  const sink: LineSink = (line) => write(line, (bytes) => outlet.write(descriptor, bytes));
  return textLog('distcc', verbose ? 'debug' : 'warning', sink, outlet.pid);
}
