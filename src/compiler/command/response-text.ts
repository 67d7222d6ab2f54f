/** Parts of words that all compilers read in the same way: outside quotes, in double quotes, in single quotes. */
const plain = /[^ \t\r\n\v\f\0"'\\]+/uy;
const escaped = /\\([^\r\n\0])/uy;
const inDoubleQuotes = /"((?:[^"\\\0]|\\["\\$`])*)"/uy;
const inSingleQuotes = /'([^'\\\0]*)'/uy;
const blanks = /[ \t\r\n]+/uy;

/** A byte order mark, as a character or as bytes. gcc makes it a part of the first word. */
const byteOrderMark = /^(?:\ufeff|\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)/u;

interface Piece {
  readonly length: number;
  readonly value: string;
}

function matchAt(pattern: RegExp, text: string, at: number): Piece | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match === null ? undefined : { length: match[0].length, value: match[1] ?? match[0] };
}

function pieceAt(text: string, at: number): Piece | undefined {
  const quoted = matchAt(inDoubleQuotes, text, at);
  if (quoted !== undefined) return { ...quoted, value: quoted.value.replaceAll(/\\(.)/gu, '$1') };
  return matchAt(plain, text, at) ?? matchAt(escaped, text, at) ?? matchAt(inSingleQuotes, text, at);
}

/**
 * The words of a response file's text. `undefined` where gcc, gcc 15 and clang read it differently: a backslash in
 * quotes that escapes nothing, a backslash at the end of a line or of the text, an open quote, an empty word, unusual
 * blanks, a byte order mark, a NUL.
 */
export function wordsOfResponseFile(text: string): string[] | undefined {
  if (byteOrderMark.test(text)) return undefined;
  const words: string[] = [];
  let at = matchAt(blanks, text, 0)?.length ?? 0;
  while (at < text.length) {
    let word = '';
    let gap: Piece | undefined;
    do {
      const piece = pieceAt(text, at);
      if (piece === undefined) return undefined;
      word += piece.value;
      at += piece.length;
      gap = matchAt(blanks, text, at);
    } while (gap === undefined && at < text.length);
    if (word === '') return undefined;
    words.push(word);
    at += gap?.length ?? 0;
  }
  return words;
}
