const star = 0x2a;
const newline = 0x0a;
const backslash = 0x5c;

const byteOrderMark = '\xef\xbb\xbf';
/** A line is spliced to the next one with blanks after the backslash too: gcc and clang warn, and do it. */
const splice = /\\[ \t\f\v]*\n/g;
const trigraph = /\?\?[=/'()!<>-]/g;
const trigraphs: Readonly<Record<string, string>> = {
  '=': '#',
  '/': '\\',
  "'": '^',
  '(': '[',
  ')': ']',
  '!': '|',
  '<': '{',
  '>': '}',
  '-': '~',
};

/** What can begin a comment, a string or a character. */
const mark = /\/[/*]|["']/g;
const rawOpening = /"([^()\\\s]{0,16})\(/y;
const rawPrefix = /(?:^|[^\w$])(?:u8|[uUL])?R$/;
const beforeAngleName = /(?:(?:#|%:)\s*(?:include|include_next|import|embed)|__has_\w+\s*\()\s*<[^>]*$/;
const longestName = 4200;
const less = 0x3c;

/** Whether an index is inside `<...>` of a directive: slashes and quotes there belong to the name of a file. */
function isInAngleName(text: string, at: number): boolean {
  const first = Math.max(0, at - longestName);
  for (let place = at - 1; place >= first; place -= 1) {
    const letter = text.charCodeAt(place);
    if (letter === newline) return false;
    if (letter !== less) continue;
    const line = text.slice(first, at);
    return beforeAngleName.test(line.slice(line.lastIndexOf('\n') + 1));
  }
  return false;
}

/** Whether a quote separates the digits of a number where a language has that: 1'000, and 80's. */
function isInNumber(text: string, at: number): boolean {
  if (!/\w/.test(text[at + 1] ?? '')) return false;
  let start = at;
  while (start > 0 && at - start < 100 && /[\w.']/.test(text[start - 1] ?? '')) start -= 1;
  return start < at && /^\.?\d/.test(text.slice(start, at));
}

/** Where a string or character ends that begins here: after its quote, or with its line. */
function endOfQuoted(text: string, at: number): number {
  const quote = text.charCodeAt(at);
  for (let place = at + 1; place < text.length; place += 1) {
    const letter = text.charCodeAt(place);
    if (letter === quote) return place + 1;
    if (letter === newline) return place;
    if (letter === backslash && text.charCodeAt(place + 1) !== newline) place += 1;
  }
  return text.length;
}

/** What is inside a raw string that begins at this quote: where that starts and ends; undefined for a plain string. */
function rawStringAt(text: string, at: number): { readonly inside: number; readonly end: number } | undefined {
  if (text[at - 1] !== 'R' || !rawPrefix.test(text.slice(Math.max(0, at - 4), at))) return undefined;
  rawOpening.lastIndex = at;
  const opening = rawOpening.exec(text);
  if (opening === null) return undefined;
  const closing = `)${opening[1]}"`;
  const inside = at + opening[0].length;
  const end = text.indexOf(closing, inside);
  return end === -1 ? undefined : { inside, end: end + closing.length };
}

/** What a language has that others read in another way. */
interface Dialect {
  readonly raw: boolean;
  /** Digits may have quotes between them: since C++14 and C23. */
  readonly separators: boolean;
}

interface Cleaned {
  readonly text: string;
  readonly hasRaw: boolean;
  readonly hasSeparators: boolean;
}

/** Puts a blank in place of each comment; what raw strings hold goes away, if it is known what they are. */
function withoutComments(text: string, { raw, separators }: Dialect): Cleaned {
  const pieces: string[] = [];
  let hasRaw = false;
  let hasSeparators = false;
  let kept = 0;
  mark.lastIndex = 0;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const at = found.index;
    const [opening] = found;
    if (isInAngleName(text, at)) {
      mark.lastIndex = at + 1;
    } else if (opening.startsWith('/')) {
      const block = text.charCodeAt(at + 1) === star;
      const end = block ? text.indexOf('*/', at + 2) : text.indexOf('\n', at);
      pieces.push(text.slice(kept, at), ' ');
      kept = end === -1 ? text.length : end + (block ? 2 : 0);
      mark.lastIndex = kept;
    } else if (opening === "'") {
      const separates = isInNumber(text, at);
      hasSeparators ||= separates;
      mark.lastIndex = separates && separators ? at + 1 : endOfQuoted(text, at);
    } else {
      const string = raw ? rawStringAt(text, at) : undefined;
      if (string === undefined) {
        mark.lastIndex = endOfQuoted(text, at);
      } else {
        hasRaw = true;
        pieces.push(text.slice(kept, at), '""');
        kept = string.end;
        mark.lastIndex = kept;
      }
    }
  }
  pieces.push(text.slice(kept));
  return { text: pieces.join(''), hasRaw, hasSeparators };
}

const dialects: readonly Dialect[] = [
  { raw: true, separators: false },
  { raw: false, separators: true },
  { raw: false, separators: false },
];

/** A text without comments, in all dialects where they make a difference to it. */
function cleanings(text: string): string[] {
  const usual = withoutComments(text, { raw: true, separators: true });
  const others = usual.hasRaw || usual.hasSeparators ? dialects : [];
  return [usual, ...others.map((dialect) => withoutComments(text, dialect))].map((cleaned) => cleaned.text);
}

/** A letter by its number, which a name may have in place of the letter. */
const namedLetter = /\\(?:u([\da-fA-F]{4})|U000([\da-fA-F]{5})|u\{0*([\da-fA-F]{1,5})\})/g;

/** What a letter's number stands for, as bytes; the basic letters cannot be written so. */
const letterBytes = (whole: string, ...numbers: readonly (string | undefined)[]): string => {
  const number = Number.parseInt(numbers.slice(0, 3).find((one) => one !== undefined) ?? '', 16);
  return number < 0x80 ? whole : Buffer.from(String.fromCodePoint(number)).toString('latin1');
};

/**
 * The ways in which a compiler may read a text, each without comments, its spliced lines joined and ending in "\n".
 * They are more than one where that depends on the language or on the compiler: for raw strings, quotes in numbers,
 * trigraphs, and carriage returns inside a line; and where a letter is written by its number, which counts in names of
 * macros and not in names of files.
 */
export function readingsOf(bytes: Buffer): readonly string[] {
  const whole = bytes.toString('latin1');
  // Compilers take a NUL for a blank.
  const marked = (whole.startsWith(byteOrderMark) ? whole.slice(3) : whole).replaceAll('\0', ' ');
  const text = marked.replaceAll('\r\n', '\n');
  const lines = text.includes('\r') ? [text, text.replaceAll('\r', '\n')] : [text];
  const letters = lines.flatMap((one) =>
    one.includes('??') ? [one, one.replaceAll(trigraph, (three) => trigraphs[three[2] ?? ''] ?? three)] : [one],
  );
  const readings = letters.flatMap((one) => {
    if (!one.includes('\\')) return cleanings(one);
    const joined = one.replaceAll(splice, '');
    return [...new Set([joined, joined.replaceAll(namedLetter, letterBytes)])].flatMap(cleanings);
  });
  return [...new Set(readings)];
}
