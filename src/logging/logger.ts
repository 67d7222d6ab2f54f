import { pino } from 'pino';
import { formatText, levels, printableJson, shortened } from './log-line.ts';
import type { Fields, Level, Logger, Sink } from './log-line.ts';

/** Settings of a logger. */
export interface LoggerOptions {
  /** The program's name, with which lines start. */
  readonly program: string;
  readonly level: Level;
  readonly sink: Sink;
  /** Whether text lines start with the program's name and process id (the default). syslog adds them itself. */
  readonly prefix?: boolean;
  /** `text` (default) writes distcc's lines, `json` one object a line. */
  readonly format?: 'text' | 'json';
}

const levelNames = new Map<number, Level>([
  [80, 'emergency'],
  [70, 'alert'],
  [60, 'critical'],
  [50, 'error'],
  [40, 'warning'],
  [35, 'notice'],
  [30, 'info'],
  [20, 'debug'],
]);

const shortenedFields = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? shortened(value) : value]),
  );

/** A logger whose level can be changed. */
export interface AdjustableLogger extends Logger {
  setLevel(level: Level): void;
}

/**
 * A logger on pino, which decides about levels and writes JSON lines. Text lines have distcc's form, so that scripts
 * which read distcc's log still work. pino cannot write that form: it always writes an object, and its transports that
 * format text run in a worker thread or parse each JSON line again. So its hook `logMethod`, which is called after the
 * level was checked, passes text lines to the sink, and pino never writes them.
 */
export function createLogger({
  program,
  level,
  sink,
  prefix = true,
  format = 'text',
}: LoggerOptions): AdjustableLogger {
  const text = format === 'text';
  const start = prefix ? `${program}[${process.pid}] ` : '';
  let lowest = level;
  let current: Level = level;
  let facts: Fields = {};
  const log = pino(
    {
      level,
      customLevels: levels,
      useOnlyCustomLevels: true,
      base: { program, pid: process.pid },
      messageKey: 'message',
      // Text lines go to the sink from here and never become pino's objects.
      hooks: {
        logMethod(words, method, number) {
          current = levelNames.get(number) ?? 'notice';
          if (text) sink(start + formatText(current, String(words.at(-1))), current, facts);
          else method.apply(this, words);
        },
      },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    { write: (line: string) => sink(printableJson(line.trimEnd()), current, facts) },
  );
  const at =
    (name: Level) =>
    (message: string, fields: Fields = {}): void => {
      facts = fields;
      if (text) log[name](fields, message);
      else log[name](shortenedFields(fields), shortened(message));
    };
  return {
    critical: at('critical'),
    error: at('error'),
    warning: at('warning'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
    writes: (name) => levels[name] >= levels[lowest],
    setLevel(name) {
      lowest = name;
      log.level = name;
    },
  };
}
