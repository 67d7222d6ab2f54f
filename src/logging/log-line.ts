/** How bad a line is, worst first; the names and aliases of `--log-level` (server-daemon reference, section 1). */
export const levels = {
  emergency: 80,
  alert: 70,
  critical: 60,
  error: 50,
  warning: 40,
  notice: 35,
  info: 30,
  debug: 20,
} as const;

/** The name of a level. */
export type Level = keyof typeof levels;

/** The syslog(3) priority of each level, which is also the journal's `<n>` prefix. */
export const priorities: Readonly<Record<Level, number>> = {
  emergency: 0,
  alert: 1,
  critical: 2,
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

/** Facts about a line for programs that read the log as data; text logs leave them out. */
export type Fields = Readonly<Record<string, string | number | boolean>>;

/** Where the story files write what happened; lower floors never log. */
export interface Logger {
  critical(text: string, fields?: Fields): void;
  error(text: string, fields?: Fields): void;
  warning(text: string, fields?: Fields): void;
  notice(text: string, fields?: Fields): void;
  info(text: string, fields?: Fields): void;
  debug(text: string, fields?: Fields): void;
  /** Whether a line of this level would be written: asked before building an expensive text. */
  writes(level: Level): boolean;
}

/** Takes one finished line, without its newline, its level, and the facts in it. */
export type Sink = (line: string, level: Level, fields: Fields) => void;

/** distcc's own words before the text; lines of notice and below have none. */
const severity: Readonly<Record<Level, string>> = {
  emergency: 'EMERGENCY! ',
  alert: 'ALERT! ',
  critical: 'CRITICAL! ',
  error: 'ERROR: ',
  warning: 'Warning: ',
  notice: '',
  info: '',
  debug: '',
};

/** Longer texts are cut: a name that a client chose may have 128 KiB. */
const longestText = 16 * 1024;

/** A client's words may reach the log: control characters are shown, so that no text can forge a line or steer a terminal. */
export function printable(text: string): string {
  const shown = text.length > longestText ? `${text.slice(0, longestText)}...` : text;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return shown.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** One line as distcc writes it: `distccd[PID] ERROR: TEXT` (server-job reference, section 9). */
export function formatLine(program: string, level: Level, text: string): string {
  return `${program}[${process.pid}] ${formatText(level, text)}`;
}

/** The same without the program, where syslog adds it. */
export const formatText = (level: Level, text: string): string => severity[level] + printable(text);
