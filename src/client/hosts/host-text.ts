/** How many characters of a text a message shows. */
const mostShown = 80;

/** A byte order mark at the start, as text and as a byte string. */
const byteOrderMark = /^(?:\u{FEFF}|\u{EF}\u{BB}\u{BF})/u;

/** The two byte order marks of UTF-16, as a byte string, and what they become in a text that was read as UTF-8. */
const wideMark = /^(?:\u{FF}\u{FE}|\u{FE}\u{FF}|\u{FFFD}\u{FFFD}|\u{FFFE})/u;

/** The line ends of every system: CR LF, LF, and CR alone. */
const lineEnd = /\r\n|\r|\n/;

/** Nearly every word of a list is plain; only other words need the expensive checks. */
const plainWord = /^[!-~]*$/;

/** Unusual blanks and invisible characters: no host name has one. */
const strange = /[\p{Z}\p{Cc}\p{Cf}]/u;

const names: Readonly<Record<number, string>> = {
  0x00: 'NUL',
  0x1b: 'escape',
  0x7f: 'delete',
  0xa0: 'no-break space',
  0xad: 'soft hyphen',
  0x2007: 'figure space',
  0x2009: 'thin space',
  0x200b: 'zero width space',
  0x200e: 'left-to-right mark',
  0x200f: 'right-to-left mark',
  0x2028: 'line separator',
  0x202f: 'narrow no-break space',
  0x2060: 'word joiner',
  0x3000: 'ideographic space',
  0xfeff: 'byte order mark',
};

/** Whether a text is UTF-16, which holds a zero byte beside every letter. */
export function isWideText(text: string): boolean {
  return wideMark.test(text) && text.includes('\0');
}

/** The lines of a text without its byte order mark and without comments, which go from a "#" to the end of the line. */
export function linesOf(text: string): string[] {
  return text
    .replace(byteOrderMark, '')
    .split(lineEnd)
    .map((line) => {
      const comment = line.indexOf('#');
      return comment === -1 ? line : line.slice(0, comment);
    });
}

/** The characters that a byte string stands for when it is UTF-8, else the text itself. */
function charactersOf(text: string): string {
  if (/[\u{100}-\u{10FFFF}]/u.test(text)) return text;
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\u{FFFD}') ? text : decoded;
}

/** The first unusual blank or invisible character of a word, such as `U+00A0 (no-break space)`. */
export function strangeCharacter(word: string): string | undefined {
  if (plainWord.test(word)) return undefined;
  const code = strange.exec(charactersOf(word))?.[0].codePointAt(0);
  if (code === undefined) return undefined;
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return names[code] === undefined ? number : `${number} (${names[code]})`;
}

/** A part of the list for a message: cut when it is long, with "?" for each unprintable character. */
export function shown(text: string): string {
  const plain = charactersOf(text.slice(0, mostShown)).replaceAll(new RegExp(strange, 'gu'), '?');
  return text.length > mostShown ? `${plain}...` : plain;
}
