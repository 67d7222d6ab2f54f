import { readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import { formatText, levels } from '../../logging/log-line.ts';
import type { Level, Logger } from '../../logging/log-line.ts';
import { bytesOf } from '../../system/byte-text.ts';

/** Takes one finished line without its newline. */
export type LineSink = (line: string) => void;

/**
 * The client's log, in the same form as the daemon's. It is made for every compile, and loading the daemon's logger
 * takes longer than all else that a client does; a test keeps the lines of both equal.
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

/** Whose log it is, and how its lines get to the user's descriptors and files. */
export interface Outlet {
  /** The process that the user started. */
  readonly pid: number;
  /** Writes to a descriptor of that process. */
  write(descriptor: number, bytes: Buffer): void;
  /** Writes to the end of a file of the user's, or says on stderr why that cannot be. */
  append(path: string, bytes: Buffer): void;
}

/**
 * The log that the environment asks for: warnings on stderr, DISTCC_LOG adds what happened and names a file,
 * DISTCC_VERBOSE adds everything (doc/distcc-behaviour.md, "Variables of the client"). Names and words in it are
 * bytes, and so is a line.
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
