/**
 * Where C code can hold assembler text: `asm("…")` in any spelling, and names of sections, which compilers copy
 * unchanged.
 */
const opening = /(?:asm|section)[\w\s]{0,200}\(\s*/gu;
/** One string literal, raw or not, after blanks and line markers. */
const literal = /(?:\s|^#.*$)*(?:R"([^()\\\s]{0,16})\(([^]*?)\)\1"|"((?:[^"\\]|\\[^])*)")/muy;
const escape = /\\(?:x\{?([0-9a-f]+)\}?|(?:o\{)?([0-7]+)\}?|([^]))/giu;

/** Directives that make the assembler read a file. The file's name is in quotes, except with `.mri`. */
const reading = /\.(?:incbin|include|mri)\b/iu;
/** The beginning of such a directive, completed by a macro or an operand. */
const completed = /\.(?:i|in|inc|incbi?|inclu?|includ)?[\\%{&]/iu;
const defining = /\.(?:altmacro|irpc?|macro)\b/iu;

/** The longest text, in bytes, that can be a string of Node on every machine. */
const longestText = 256 * 1024 * 1024;

function decode(inside: string): string {
  return inside.replaceAll(escape, (_, hex?: string, octal?: string, letter?: string) => {
    if (letter !== undefined) return /[abfnrtv]/u.test(letter) ? '\n' : letter;
    const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
    return String.fromCharCode(code % 256);
  });
}

/** The string literals from a position on, joined. */
function literalsAt(text: string, at: number): string {
  let joined = '';
  literal.lastIndex = at;
  for (let match = literal.exec(text); match !== null; match = literal.exec(text)) {
    joined += match[2] ?? decode(match[3] ?? '');
  }
  return joined;
}

/** As `mayReadFiles`, for assembler text. Text that defines macros might build any directive. */
export function assemblerMayReadFiles(source: Buffer): boolean {
  if (source.length > longestText) return true;
  const text = source.toString('latin1');
  return [reading, completed, defining].some((pattern) => pattern.test(text));
}

/**
 * Whether a preprocessed text may make the assembler read files (`.incbin`, `.include`), which only the client's
 * machine has. When unsure the answer is yes: for macros that could build such a directive, and for literals that
 * cannot be read here.
 */
export function mayReadFiles(source: Buffer): boolean {
  if (source.length > longestText) return true;
  if (!source.includes('asm') && !source.includes('section')) return false;
  const text = source.toString('latin1');
  let defines = false;
  let quotes = false;
  for (const { 0: all, index } of text.matchAll(opening)) {
    const assembler = literalsAt(text, index + all.length);
    // Text that the compiler computes: asm((constant)).
    if (assembler === '' && all.startsWith('asm') && text[index + all.length] === '(') return true;
    if (reading.test(assembler) || completed.test(assembler)) return true;
    defines ||= defining.test(assembler);
    quotes ||= assembler.includes('"');
  }
  return defines && quotes;
}
