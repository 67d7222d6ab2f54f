/**
 * How bad a line is, worst first; the names and aliases of `--log-level` (doc/distcc-behaviour.md, "Options of
 * distccd").
 */
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

/**
 * What must not reach a log as it is: control characters, which forge lines or steer a terminal, NEL among them; the
 * separators of lines and paragraphs; what is invisible, as the marks that turn the direction of writing; and halves of
 * characters.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}

/** A text that is too long for a log is cut. */
export const shortened = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText)}...` : text;

/** A client's words may reach the log: what could forge a line, steer a terminal or hide is shown. */
export function printable(text: string): string {
  return shortened(text).replaceAll(unprintable, escaped);
}

/** The same for a line of JSON, whose escapes mean the characters: nothing is lost. */
export function printableJson(line: string): string {
  return line.replaceAll(unprintable, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

/** One line as distcc writes it: `distccd[PID] ERROR: TEXT` (doc/distcc-behaviour.md, "Log lines"). */
export function formatLine(program: string, level: Level, text: string): string {
  return `${program}[${process.pid}] ${formatText(level, text)}`;
}

/** The same without the program, where syslog adds it. */
export const formatText = (level: Level, text: string): string => severity[level] + printable(text);
