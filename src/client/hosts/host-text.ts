/** How much of a text a message shows. */
const mostShown = 80;

/** What a byte order mark at the start looks like, as text and as a byte string. */
const byteOrderMark = /^(?:\u{FEFF}|\u{EF}\u{BB}\u{BF})/u;

/** The two byte order marks of UTF-16, as a byte string, and what is left of them in a text that was read as UTF-8. */
const wideMark = /^(?:\u{FF}\u{FE}|\u{FE}\u{FF}|\u{FFFD}\u{FFFD}|\u{FFFE})/u;

/** The line ends of every system: CR LF, LF, and CR alone. */
const lineEnd = /\r\n|\r|\n/;

/** What nearly every word of a list is: the longer looks are for the others. */
const plainWord = /^[!-~]*$/;

/** Blanks that look like a space, and characters that nobody sees: none of them is part of a host's name. */
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

/** The first character of a word that looks like a blank or like nothing, such as `U+00A0 (no-break space)`. */
export function strangeCharacter(word: string): string | undefined {
  if (plainWord.test(word)) return undefined;
  const code = strange.exec(charactersOf(word))?.[0].codePointAt(0);
  if (code === undefined) return undefined;
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return names[code] === undefined ? number : `${number} (${names[code]})`;
}

/** A part of the list as a message shows it: cut when it is long, with a "?" for what a terminal would not show. */
export function shown(text: string): string {
  const plain = charactersOf(text.slice(0, mostShown)).replaceAll(new RegExp(strange, 'gu'), '?');
  return text.length > mostShown ? `${plain}...` : plain;
}
