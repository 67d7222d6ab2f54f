import { type Fields, formatText, type Level, levels, type Logger, type Sink } from './log-line.ts';

/** How a logger is made. */
export interface LoggerOptions {
  /** What lines start with, such as `distccd`. */
  readonly program: string;
  readonly level: Level;
  readonly sink: Sink;
  /** Whether text lines start with the program and its process id (default); syslog adds them itself. */
  readonly prefix?: boolean;
  /** `text` (default) writes distcc's lines, `json` one object a line. */
  readonly format?: 'text' | 'json';
}

/** One object with a fixed order of fields; the text is as it came, since json shows control characters itself. */
function formatObject(program: string, level: Level, message: string, fields: Fields | undefined): string {
  return JSON.stringify({ level, time: new Date().toISOString(), program, pid: process.pid, ...fields, message });
}

/** Makes a logger. Text lines keep distcc's form, so that scripts which read distcc's log go on working. */
export function createLogger({ program, level, sink, prefix = true, format = 'text' }: LoggerOptions): Logger {
  const start = prefix ? `${program}[${process.pid}] ` : '';
  const writes = (name: Level): boolean => levels[name] >= levels[level];
  const at =
    (name: Level) =>
    (message: string, fields?: Fields): void => {
      if (!writes(name)) return;
      sink(format === 'text' ? start + formatText(name, message) : formatObject(program, name, message, fields), name);
    };
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
