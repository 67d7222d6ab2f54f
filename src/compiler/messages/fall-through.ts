/** A fall-through that gcc reports: the lines of the statement and of the label that it reaches, from 1. */
export interface FallThrough {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

// oxlint-disable-next-line no-control-regex -- colours, and the links that gcc makes of options
const escapes = /\x1b\[[0-9;]*[mK]|\x1b\]8;;[^\x07\x1b]*(?:\x07|\x1b\\)/g;

const warning = /^(.+):(\d+):\d+: warning: this statement may fall through \[-Wimplicit-fallthrough=\]$/;
const label = /^(.+):(\d+):\d+: note: here$/;
/** What begins a line that only gives the position of the next message, or shows the source. */
const aside = /^(?:In file included from |\s+from (?=.*[,:]$)|\s*(?:\d+ )? ?\|)/;
const place = /.: (?:In|At) /;

/** Whether a line has no message. It is a host's, so that no part of it may be looked at again and again. */
const isAside = (line: string): boolean => aside.test(line) || (line.endsWith(':') && place.test(line.slice(0, -1)));

/**
 * The fall-throughs in gcc's messages (a byte text); undefined when the messages have anything else in them, or are not
 * in English.
 */
export function fallThroughsIn(messages: string): readonly FallThrough[] | undefined {
  const found: FallThrough[] = [];
  let open: { readonly file: string; readonly from: number } | undefined;
  for (const line of messages.replaceAll(escapes, '').split('\n')) {
    const [, file, number] = warning.exec(line) ?? label.exec(line) ?? [];
    if (file === undefined) {
      if (line !== '' && !isAside(line)) return undefined;
    } else if (warning.test(line)) {
      if (open !== undefined) return undefined;
      open = { file, from: Number(number) };
    } else {
      if (open?.file !== file || Number(number) < open.from) return undefined;
      found.push({ ...open, to: Number(number) });
      open = undefined;
    }
  }
  return open === undefined && found.length > 0 ? found : undefined;
}

/**
 * Whether the words leave -Wimplicit-fallthrough at the level of -Wextra, for which the rules about comments here hold.
 * A level may also follow `--warn-` or `-Werror=`.
 */
export function usualLevel(words: readonly string[]): boolean {
  return !words.some((word) => /implicit-fallthrough=(?!3$)/.test(word));
}

/**
 * A directive, or its result after preprocessing, that renumbers the lines after it or gives them another file's name.
 */
const renumbering = /^[^\S\n]*(?:#|%:|\?\?=)(?:[^\S\n]|\\\n)*(?:line\b|\d|\/\*)/m;

/** Whether the line numbers in gcc's messages are certainly those of the source. */
export function keepsItsLines(source: string): boolean {
  return !renumbering.test(source);
}

/**
 * The text of a comment that marks a fall-through at level 3 (gcc's manual, -Wimplicit-fallthrough=), without the
 * comment's delimiters.
 */
const mark =
  /^[ \t.!]*(?:(?:ELSE,? |INTENTIONAL(?:LY)? )?FALL(?:S | |-)?THR(?:OUGH|U)|(?:Else,? |Intentional(?:ly)? )?Fall(?:(?:s | |-)[Tt]|t)hr(?:ough|u)|(?:[Ee]lse,? |[Ii]ntentional(?:ly)? )?fall(?:s | |-)?thr(?:ough|u))[ \t.!]*(?:-[^\n\r]*)?$/;

/** A piece of C in which nothing is searched: a comment, a string or a character. */
const piece = /\/\*([^]*?)\*\/|\/\/([^\n]*)(?=\n)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Replaces each comment by its number between NULs; the number of lines stays the same. */
function withoutComments(text: string): { readonly code: string; readonly comments: readonly string[] } {
  const comments: string[] = [];
  const code = text.replaceAll(piece, (all: string, block: string | undefined, line: string | undefined) => {
    const comment = block ?? line;
    if (comment === undefined) return all.replaceAll(/./g, '"');
    comments.push(comment);
    return `\0${comments.length - 1}\0${'\n'.repeat(comment.split('\n').length - 1)}`;
  });
  return { code, comments };
}

/**
 * Whether gcc, if it saw the source, would accept a fall-through because of a comment before its label; undefined when
 * these lines do not decide that for sure, as with a macro or a directive in them.
 */
export function isMarked(source: string, { from, to }: FallThrough): boolean | undefined {
  const lines = source.split('\n').slice(from - 1, to);
  const text = `${lines.join('\n')}\n`;
  // Lines that continue in the next one, and trigraphs, are not handled here.
  if (lines.length < to - from + 1 || /\\\s*\n|\?\?\//.test(text)) return undefined;
  const { code, comments } = withoutComments(text);
  const start = code.lastIndexOf('\n', code.length - 2) + 1;
  const before = /^(?:\s|\0\d+\0)*(?=(?:case|default)\b)/.exec(code.slice(start));
  if (before === null || /\/[*/]/.test(code)) return undefined;
  const run = /(?:\s|\0\d+\0)*$/.exec(code.slice(0, start + before[0].length))?.[0] ?? '';
  const marks = [...run.matchAll(/\0(\d+)\0/g)].filter(([, at]) => mark.test(comments[Number(at)] ?? ''));
  // The comment must be before the first label of the line; otherwise the code before it on that line falls through
  // unmarked.
  const isFirst = from < to && !/[;{}].*\b(?:case|default)\b/.test(code.slice(start));
  if (marks.length > 0) return isFirst ? true : undefined;
  return /fall|lint/i.test(text) ? undefined : false;
}
