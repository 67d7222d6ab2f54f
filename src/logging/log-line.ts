/**
 * The levels of lines, worst first, by the names and aliases of `--log-level` (doc/distcc-behaviour.md, "Options of
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

/** Facts about a line, for programs that read the log as data. Text lines do not show them. */
export type Fields = Readonly<Record<string, string | number | boolean>>;

/** The log of a program. Only the upper floors write to it; lower floors return or throw. */
export interface Logger {
  critical(text: string, fields?: Fields): void;
  error(text: string, fields?: Fields): void;
  warning(text: string, fields?: Fields): void;
  notice(text: string, fields?: Fields): void;
  info(text: string, fields?: Fields): void;
  debug(text: string, fields?: Fields): void;
  /** Whether a line of this level would be written. Ask before building an expensive text. */
  writes(level: Level): boolean;
}

/** Writes one finished line, without a newline; with its level and facts. */
export type Sink = (line: string, level: Level, fields: Fields) => void;

/** distcc's words in front of the text; lines of level notice and below have none. */
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

/** The longest text of a line. Longer ones are cut: a name that a client chose may have 128 KiB. */
const longestText = 16 * 1024;

/**
 * Characters that must not reach a log unescaped: control characters, NEL among them, which could forge lines or
 * control a terminal; separators of lines and paragraphs; invisible characters, such as marks that change the direction
 * of writing; and half surrogate pairs.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}

/** A text, cut when it is too long for a log. */
export const shortened = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText)}...` : text;

/**
 * Makes a text from a client safe for a log: characters that could forge a line, control a terminal or hide are shown
 * as escapes.
 */
export function printable(text: string): string {
  return shortened(text).replaceAll(unprintable, escaped);
}

/** The same for a line of JSON, whose own escapes stand for those characters, so that nothing is lost. */
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

/** The same without the program's name, for syslog, which adds it. */
export const formatText = (level: Level, text: string): string => severity[level] + printable(text);
