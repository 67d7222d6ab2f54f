import { openSync } from 'node:fs';
import { readVariable } from '../config/client-environment.ts';
import type { Environment } from '../config/client-environment.ts';
import { formatLine, type Level, levels, type Logger } from '../logging/log-line.ts';
import { systemReason } from '../system/error-text.ts';
import { writeAll } from '../system/write-all.ts';

/** Takes one finished line without its newline. */
export type LineSink = (line: string) => void;

/**
 * The client's log, in the same form as the daemon's. It is made for every compile, and loading the daemon's logger takes longer than
 * all else that a client does; a test keeps the lines of both equal.
 */
export function textLog(program: string, least: Level, sink: LineSink): Logger {
  const writes = (level: Level): boolean => levels[level] >= levels[least];
  const at = (level: Level): ((text: string) => void) =>
    writes(level) ? (text) => sink(formatLine(program, level, text)) : () => {};
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

/** Writes lines to a descriptor; a log that cannot be written stops nothing. */
function sinkTo(descriptor: number): LineSink {
  return (line) => {
    try {
      writeAll(descriptor, Buffer.from(`${line}\n`));
    } catch {
      // There is nowhere left to say so.
    }
  };
}

/**
 * The log that the environment asks for: warnings on stderr, DISTCC_LOG adds what happened and names a file, DISTCC_VERBOSE adds
 * everything (client-run reference, section 7).
 */
export function openLog(environment: Environment): Logger {
  const file = readVariable('DISTCC_LOG', environment);
  const verbose = readVariable('DISTCC_VERBOSE', environment);
  if (file === '') {
    const descriptor = readVariable('UNCACHED_ERR_FD', environment) ?? 2;
    return textLog('distcc', verbose ? 'debug' : 'warning', sinkTo(descriptor));
  }
  const least = verbose ? 'debug' : 'info';
  try {
    return textLog('distcc', least, sinkTo(openSync(file, 'a', 0o666)));
  } catch (error) {
    const log = textLog('distcc', least, sinkTo(2));
    log.error(`failed to open logfile ${file}: ${systemReason(error)}`);
    return log;
  }
}
