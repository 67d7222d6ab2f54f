/** A buffer that grows; takes single bytes and runs. */
class Sink {
  #bytes: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#length + more) * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #put(byte: number): void {
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  copy(from: Buffer, start: number, end: number): void {
    this.#room(end - start);
    // For a few bytes a call of copy() costs more than a loop.
    if (end - start > 64) this.#length += from.copy(this.#bytes, this.#length, start, end);
    else for (let at = start; at < end; at += 1) this.#put(from[at] ?? 0);
  }

  say(text: string): void {
    this.#room(text.length);
    for (let at = 0; at < text.length; at += 1) this.#put(text.charCodeAt(at));
  }

  taken(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

const escape = 0x1b;
const newline = 0x0a;
const carriageReturn = 0x0d;
const isPrintable = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || byte === newline || byte === 0x09;

/** The longest parameters of a colour, and the longest link, in bytes: the search for their ends stops there. */
const longestColour = 64;
const longestLink = 4096;

/**
 * The length of a colour or an "erase to the end of the line" that starts here (ECMA-48, SGR and EL); 0 for neither.
 */
function colourLength(bytes: Buffer, start: number): number {
  if (bytes[start + 1] !== 0x5b) return 0;
  for (let at = start + 2; at < start + longestColour; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x6d) return at + 1 - start;
    if (byte === 0x4b && at === start + 2) return 3;
    // Digits, ":" and ";".
    if (byte < 0x30 || byte > 0x3b) return 0;
  }
  return 0;
}

/** The length of the start or end of a link here (ESC ] 8 ; … up to BEL or ESC \); 0 for none. */
function linkLength(bytes: Buffer, start: number): number {
  if (bytes[start + 1] !== 0x5d || bytes[start + 2] !== 0x38 || bytes[start + 3] !== 0x3b) return 0;
  for (let at = start + 4; at < start + longestLink; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x07) return at + 1 - start;
    if (byte === escape && bytes[at + 1] === 0x5c) return at + 2 - start;
    if (byte < 0x20 || byte > 0x7e) return 0;
  }
  return 0;
}

/** The range of a UTF-8 character's second byte, by its first byte (RFC 3629, section 4). */
function secondByte(first: number): readonly [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  return first === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf];
}

/** The length in bytes of the UTF-8 character that starts here; 0 for an invalid one. */
function characterLength(bytes: Buffer, start: number): number {
  const first = bytes[start] ?? 0;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const [least, most] = secondByte(first);
  const second = bytes[start + 1] ?? 0;
  if (second < least || second > most) return 0;
  for (let at = start + 2; at < start + length; at += 1) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

/** A control character as `cat -v` shows it. */
const caret = (byte: number): string => `^${byte === 0x7f ? '?' : String.fromCharCode(byte + 0x40)}`;

/** One step through a text: how many bytes it covers, and what replaces them; undefined to keep them. */
interface Step {
  readonly length: number;
  readonly shown?: string;
}

function stepAt(bytes: Buffer, at: number, utf8: boolean): Step {
  const byte = bytes[at] ?? 0;
  if (byte === escape) {
    const colour = colourLength(bytes, at);
    if (colour > 0) return { length: colour };
    const link = linkLength(bytes, at);
    return link > 0 ? { length: link, shown: '' } : { length: 1, shown: caret(byte) };
  }
  if (byte === carriageReturn && bytes[at + 1] === newline) return { length: 2 };
  if (byte < 0x80) return { length: 1, shown: caret(byte) };
  const character = utf8 ? characterLength(bytes, at) : 0;
  // The control characters above ASCII, U+0080 to U+009F.
  if (byte === 0xc2 && character === 2 && (bytes[at + 1] ?? 0) < 0xa0) {
    return { length: 2, shown: hex(byte) + hex(bytes[at + 1] ?? 0) };
  }
  if (character > 0) return { length: character };
  return byte < 0xa0 ? { length: 1, shown: hex(byte) } : { length: 1 };
}

/** Whether a colour, ESC [ … m, resets all colours. */
const isReset = (bytes: Buffer, at: number, length: number): boolean =>
  length === 3 || (length === 4 && bytes[at + 2] === 0x30);

/**
 * Makes a stranger's text safe for a terminal. Text, tabs, newlines, ESC [ … m and ESC [ K pass; other control
 * characters are shown as `^[` or `\x9b`; links, which could lead anywhere, lose their addresses and keep their text. A
 * colour that is still on at the end is reset. `utf8` is whether the terminal reads UTF-8: one that does not obeys the
 * bytes 0x80 to 0x9f wherever they stand.
 */
export function forTerminal(bytes: Buffer, utf8: boolean): Buffer {
  const sink = new Sink(bytes.length + 64);
  let coloured = false;
  let kept = 0;
  let at = 0;
  while (at < bytes.length) {
    if (isPrintable(bytes[at] ?? 0)) {
      at += 1;
      continue;
    }
    const { length, shown } = stepAt(bytes, at, utf8);
    if (shown !== undefined) {
      sink.copy(bytes, kept, at);
      sink.say(shown);
      kept = at + length;
    } else if (bytes[at] === escape && bytes[at + length - 1] === 0x6d) coloured = !isReset(bytes, at, length);
    at += length;
  }
  if (kept === 0 && !coloured) return bytes;
  sink.copy(bytes, kept, bytes.length);
  if (coloured) sink.say('\x1b[m');
  return sink.taken();
}
