/*
 * LZO1X, the reading side for a server: piece by piece, so that a stranger's stream neither holds the only thread for
 * long nor takes more memory than two pieces. What it means stands in doc/protocol.md, "LZO1X"; decompress.ts reads a
 * stream that is whole.
 */
import { ProtocolError } from '../reading/protocol-error.ts';
import { copyMatch, slack } from './copy-match.ts';
import { viewOf } from './view.ts';

/** No match lies further back: what is kept of the plain bytes that went before. */
const history = 49_151;
/** The plain bytes of one piece, and the packed ones that are looked at together, as a rule. */
const pieceLength = 128 * 1024;
/** Whatever is read, three more bytes follow: those of the end marker. */
const endMarkerLength = 3;
/** Runs of literals that are shorter are copied by words, where three more bytes may be read and written. */
const shortRun = 64;

/** Why reading paused: the input ends inside an instruction, the output is full, or the stream has ended. */
type Pause = 'needs input' | 'is full' | 'has ended';

/** The middle of a stream. */
interface State {
  /** Some of the packed bytes, and whether they are the last ones. */
  segment: Buffer;
  input: DataView;
  last: boolean;
  ip: number;
  /** Some of the plain bytes, and how many there were before them. */
  readonly plain: Buffer;
  readonly output: DataView;
  op: number;
  before: number;
  /** What the last instruction still has to copy: a match first, then literals. */
  match: number;
  distance: number;
  literals: number;
  /** How many literals stand before the next instruction: what a small one means depends on it. */
  run: number;
}

/**
 * Unpacks one LZO1X stream of at most `most` plain bytes; each piece is good until the next one is asked for. Throws a
 * ProtocolError of kind 'compression' when it is not a whole valid stream, or of kind 'too large' before it has made
 * more than `most` bytes.
 */
export function* unpackLzo(packed: Iterable<Buffer>, most: number): Generator<Buffer, void, void> {
  const pieces = packed[Symbol.iterator]();
  let segment = nextSegment(pieces, Buffer.alloc(0));
  const plain = Buffer.allocUnsafeSlow(history + Math.min(pieceLength, most) + slack);
  const first = segment.bytes.length > 0 ? Math.max(0, (segment.bytes[0] ?? 0) - 17) : 0;
  if (first > most) throw tooLarge(most);
  const state: State = {
    segment: segment.bytes,
    input: viewOf(segment.bytes),
    last: segment.last,
    // A first byte above 17 is a run of literals that no other instruction can tell: one to 238 of them.
    ip: first > 0 ? 1 : 0,
    plain,
    output: viewOf(plain),
    op: 0,
    before: 0,
    match: 0,
    distance: 0,
    literals: first,
    run: first,
  };
  let shown = 0;
  for (;;) {
    const pause = advance(state, plain.length - slack, most);
    if (pause === 'needs input') {
      segment = nextSegment(pieces, segment.bytes.subarray(state.ip));
      Object.assign(state, { segment: segment.bytes, input: viewOf(segment.bytes), last: segment.last, ip: 0 });
      continue;
    }
    if (state.op > shown) yield plain.subarray(shown, state.op);
    if (pause === 'has ended') {
      const left = segment.bytes.length - state.ip + (segment.last ? 0 : rest(pieces));
      if (left > 0) throw followsEnd(left);
      return;
    }
    const kept = Math.min(history, state.op);
    plain.copyWithin(0, state.op - kept, state.op);
    state.before += state.op - kept;
    state.op = kept;
    shown = kept;
  }
}

/** The bytes that are left, and as many more as are worth looking at together. */
function nextSegment(pieces: Iterator<Buffer>, left: Buffer): { bytes: Buffer; last: boolean } {
  const parts = left.length > 0 ? [left] : [];
  let length = left.length;
  // Instructions may be longer than a piece: what is left over is looked at again together with more than before.
  const enough = left.length + pieceLength;
  while (length < enough) {
    const next = pieces.next();
    if (next.done === true) return { bytes: joined(parts, length), last: true };
    parts.push(next.value);
    length += next.value.length;
  }
  return { bytes: joined(parts, length), last: false };
}

function joined(parts: readonly Buffer[], length: number): Buffer {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, length);
}

function rest(pieces: Iterator<Buffer>): number {
  let length = 0;
  for (let next = pieces.next(); next.done !== true; next = pieces.next()) length += next.value.length;
  return length;
}

/** Goes on until something is missing. One long loop, because only then do its positions stay in registers. */
function advance(state: State, capacity: number, most: number): Pause {
  const { input, output, before, last } = state;
  const end = input.byteLength;
  let { ip, op, match, distance, literals, run } = state;
  let pause: Pause;
  for (;;) {
    if (match > 0) {
      const stop = Math.min(op + match, capacity);
      if (stop > op) copyMatch(output, op, distance, stop);
      match -= stop - op;
      op = stop;
      if (match > 0) {
        pause = 'is full';
        break;
      }
    }
    if (literals > 0) {
      const count = Math.min(literals, capacity - op, end - ip);
      if (count < shortRun && ip + count + 3 <= end) {
        for (let done = 0; done < count; done += 4) output.setInt32(op + done, input.getInt32(ip + done, true), true);
      } else state.segment.copy(state.plain, op, ip, ip + count);
      ip += count;
      op += count;
      literals -= count;
      if (literals > 0 && op === capacity) {
        pause = 'is full';
        break;
      }
      if (literals > 0) {
        if (last) throw cutShort();
        pause = 'needs input';
        break;
      }
    }

    if (ip + endMarkerLength > end) {
      if (last) throw cutShort();
      pause = 'needs input';
      break;
    }
    const instruction = input.getUint8(ip);
    let next = ip + 1;
    if (instruction >= 64) {
      match = (instruction >> 5) + 1;
      distance = (input.getUint8(next) << 3) + ((instruction >> 2) & 7) + 1;
      literals = instruction & 3;
      next += 1;
    } else if (instruction >= 16) {
      const longest = instruction >= 32 ? 31 : 7;
      match = instruction & longest;
      if (match === 0) {
        const stop = endOfZeros(input, next, most);
        if (stop === undefined) {
          if (last) throw cutShort();
          pause = 'needs input';
          break;
        }
        match = longest + 255 * (stop - next) + input.getUint8(stop);
        next = stop + 1;
      }
      match += 2;
      const word = input.getUint16(next, true);
      distance = (word >> 2) + 1;
      literals = word & 3;
      next += 2;
      if (instruction < 32) {
        distance += 16_383 + ((instruction & 8) << 11);
        if (distance === 16_384) {
          ip = next;
          match = 0;
          pause = 'has ended';
          break;
        }
      }
    } else if (run === 0) {
      literals = instruction + 3;
      if (instruction === 0) {
        const stop = endOfZeros(input, next, most);
        if (stop === undefined) {
          if (last) throw cutShort();
          literals = 0;
          pause = 'needs input';
          break;
        }
        literals = 18 + 255 * (stop - next) + input.getUint8(stop);
        next = stop + 1;
      }
    } else {
      // What a small instruction means depends on the literals before it: after a run it reaches beyond the two-byte
      // kinds.
      const afterRun = run > 3;
      match = afterRun ? 3 : 2;
      distance = (input.getUint8(next) << 2) + (instruction >> 2) + (afterRun ? 2049 : 1);
      literals = instruction & 3;
      next += 1;
    }
    if (match > 0 && distance > op) {
      throw new ProtocolError(
        'compression',
        `the LZO stream refers to ${distance} bytes back after only ${before + op}`,
      );
    }
    if (before + op + match + literals > most) throw tooLarge(most);
    run = literals;
    ip = next;
  }
  state.ip = ip;
  state.op = op;
  state.match = match;
  state.distance = distance;
  state.literals = literals;
  state.run = run;
  return pause;
}

/**
 * The place of the byte that ends a length; every zero byte before it stands for 255, and two bytes must follow it.
 * Undefined when it has not come.
 */
function endOfZeros(input: DataView, from: number, most: number): number | undefined {
  const last = input.byteLength - endMarkerLength;
  let stop = from;
  while (stop <= last && input.getUint8(stop) === 0) stop += 1;
  // Here rather than later, so that the lengths of streams worth unpacking stay small whole numbers.
  if (stop - from > most / 255) throw tooLarge(most);
  return stop > last ? undefined : stop;
}

function cutShort(): ProtocolError {
  return new ProtocolError('compression', 'the LZO stream ends before its end marker');
}

function tooLarge(most: number): ProtocolError {
  return new ProtocolError('too large', `the LZO stream holds more than ${most} bytes`);
}

function followsEnd(count: number): ProtocolError {
  return new ProtocolError('compression', `${count} bytes follow the end of the LZO stream`);
}
