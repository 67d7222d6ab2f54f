/** Where gcc says that a statement falls through, and where the label is that it reaches: lines from 1. */
export interface FallThrough {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

// oxlint-disable-next-line no-control-regex -- colours, and the links that gcc makes of options
const escapes = /\x1b\[[0-9;]*[mK]|\x1b\]8;;[^\x07\x1b]*(?:\x07|\x1b\\)/g;

const warning = /^(.+):(\d+):\d+: warning: this statement may fall through \[-Wimplicit-fallthrough=\]$/;
const label = /^(.+):(\d+):\d+: note: here$/;
/** What says where the next message belongs, and what shows the source. */
const aside = /^(?:In file included from .*|\s+from .*[,:]|.+: (?:In|At) .*:|\s*(?:\d+ )? ?\|.*)$/;

/**
 * What gcc's messages, with one character for each byte, say about falling through; undefined when they say anything
 * else, or in another language.
 */
export function fallThroughsIn(messages: string): readonly FallThrough[] | undefined {
  const found: FallThrough[] = [];
  let open: { readonly file: string; readonly from: number } | undefined;
  for (const line of messages.replaceAll(escapes, '').split('\n')) {
    const [, file, number] = warning.exec(line) ?? label.exec(line) ?? [];
    if (file === undefined) {
      if (line !== '' && !aside.test(line)) return undefined;
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
 * Whether the words leave -Wimplicit-fallthrough at the level that -Wextra has, where comments count as they do here. A
 * level may also follow `--warn-` or `-Werror=`.
 */
export function usualLevel(words: readonly string[]): boolean {
  return !words.some((word) => /implicit-fallthrough=(?!3$)/.test(word));
}

/**
 * A directive, or what a preprocessor makes of it, that gives the lines after it other numbers, or those of another
 * file.
 */
const renumbering = /^[^\S\n]*(?:#|%:|\?\?=)(?:[^\S\n]|\\\n)*(?:line\b|\d|\/\*)/m;

/** Whether the line numbers of a source are those that gcc speaks of, as far as it is known for sure. */
export function keepsItsLines(source: string): boolean {
  return !renumbering.test(source);
}

/**
 * A comment that marks a fall-through at level 3 (gcc's manual, -Wimplicit-fallthrough=), without what begins and ends
 * it.
 */
const mark =
  /^[ \t.!]*(?:(?:ELSE,? |INTENTIONAL(?:LY)? )?FALL(?:S | |-)?THR(?:OUGH|U)|(?:Else,? |Intentional(?:ly)? )?Fall(?:(?:s | |-)[Tt]|t)hr(?:ough|u)|(?:[Ee]lse,? |[Ii]ntentional(?:ly)? )?fall(?:s | |-)?thr(?:ough|u))[ \t.!]*(?:-[^\n\r]*)?$/;

/** A piece of C that the search below never looks into: a comment, a text, or a character. */
const piece = /\/\*([^]*?)\*\/|\/\/([^\n]*)(?=\n)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Code whose comments are numbers between NULs, with as many lines as before. */
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
 * Whether gcc passes over a fall-through for a comment before its label, when it sees the source; undefined when these
 * lines do not tell for sure, as where a macro or a directive has a part in it.
 */
export function isMarked(source: string, { from, to }: FallThrough): boolean | undefined {
  const lines = source.split('\n').slice(from - 1, to);
  const text = `${lines.join('\n')}\n`;
  // Lines that go on in the next one, and trigraphs, are not for us.
  if (lines.length < to - from + 1 || /\\\s*\n|\?\?\//.test(text)) return undefined;
  const { code, comments } = withoutComments(text);
  const start = code.lastIndexOf('\n', code.length - 2) + 1;
  const before = /^(?:\s|\0\d+\0)*(?=(?:case|default)\b)/.exec(code.slice(start));
  if (before === null || /\/[*/]/.test(code)) return undefined;
  const run = /(?:\s|\0\d+\0)*$/.exec(code.slice(0, start + before[0].length))?.[0] ?? '';
  const marks = [...run.matchAll(/\0(\d+)\0/g)].filter(([, at]) => mark.test(comments[Number(at)] ?? ''));
  // The comment is before the first label of its line, which a statement of that line, or one after another label of
  // it, has left already.
  const isFirst = from < to && !/[;{}].*\b(?:case|default)\b/.test(code.slice(start));
  if (marks.length > 0) return isFirst ? true : undefined;
  return /fall|lint/i.test(text) ? undefined : false;
}
