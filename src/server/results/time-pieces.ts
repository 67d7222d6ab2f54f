import type { Steps } from '../../basics/steps.ts';

/** Macros that stand for the time of a compile, or of a file's last change, of which a key knows nothing. */
const names = ['__DATE__', '__TIME__', '__TIMESTAMP__'];

/** A line that goes on in the next one; the compiler joins them before it reads words. */
const joint = /(?:\\|\?\?\/)[ \t\r\f\v]*\n/g;
/** Words of these letters alone; in comments a star stands for the rest of a name. */
const candidates = /(?<![\w*])[_DATEIMSP]{1,12}(?![\w*])/g;
/** From more pieces than this nobody has made such a name by `##`; letters stand alone in many headers. */
const mostPieces = 4;

/** Pieces from which a macro could make such a name; true for a text that has one as it is. */
export type TimePieces = true | ReadonlySet<string>;

/** What a text has of these names, comments included. Both take one pass over it. */
function timePiecesIn(text: string): TimePieces {
  const joined = text.replaceAll(joint, '');
  if (names.some((name) => joined.includes(name))) return true;
  const words = new Set([...joined.matchAll(candidates)].map(([word]) => word));
  return new Set([...words].filter((word) => names.some((name) => name.includes(word))));
}

/** The least number of pieces that give a name together. */
function piecesOf(name: string, pieces: ReadonlySet<string>): number {
  const least = [0];
  for (let end = 1; end <= name.length; end += 1) {
    least[end] = Number.POSITIVE_INFINITY;
    for (let begin = 0; begin < end; begin += 1) {
      if (!pieces.has(name.slice(begin, end))) continue;
      least[end] = Math.min(least[end] ?? 0, (least[begin] ?? 0) + 1);
    }
  }
  return least[name.length] ?? 0;
}

/** Whether such a name stands there, or can be made of the pieces. */
export function makeTime(found: TimePieces): boolean {
  return found === true || names.some((name) => piecesOf(name, found) <= mostPieces);
}

/** The definition of a macro whose own name is of no interest: builds define `__DATE__` as nothing. */
const definition = /^(?:-D)?\w+=/;

/** What the words of a command have of these names. */
export const timePiecesInWords = (words: readonly string[]): TimePieces =>
  timePiecesIn(words.map((word) => word.replace(definition, '')).join('\n'));

/** Bytes that are looked through at a time, and a line that is too long to be looked through. */
const pieceLength = 256 * 1024;

/** Whether the line that ends there goes on in the next one. */
function goesOn(bytes: Buffer, end: number): boolean {
  let at = end - 2;
  while (at >= 0 && ' \t\r\f\v'.includes(String.fromCharCode(bytes[at] ?? 0))) at -= 1;
  return '\\/'.includes(String.fromCharCode(bytes[at] ?? 0));
}

/** Where the last whole line before a place ends. */
function endOfLine(bytes: Buffer, from: number, before: number): number {
  for (let end = before; end > from; end -= 1) {
    end = bytes.lastIndexOf('\n', end - 1) + 1;
    if (end <= from || !goesOn(bytes, end)) return end;
  }
  return from;
}

/** What a source has of these names, in steps; true for one that cannot be looked through. */
export function* timePiecesInSource(bytes: Buffer): Steps<TimePieces> {
  const all = new Set<string>();
  for (let at = 0, end = 0; at < bytes.length; at = end) {
    end = bytes.length - at <= pieceLength ? bytes.length : endOfLine(bytes, at, at + pieceLength);
    if (end <= at) return true;
    const found = timePiecesIn(bytes.toString('latin1', at, end));
    if (found === true) return true;
    for (const piece of found) all.add(piece);
    yield;
  }
  return all;
}
