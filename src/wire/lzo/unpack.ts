/*
 * The LZO1X decoder for a server (doc/protocol.md, "LZO1X"). It works piece by piece, so that a stranger's stream
 * neither holds the only thread for long nor needs more memory than two pieces. decompress.ts decodes a stream that is
 * whole in memory. Both exist because this one, which can stop inside any instruction, takes 1.3 to 1.8 times as long.
 */
import { ProtocolError } from '../reading/protocol-error.ts';
import { copyMatch, slack } from './copy-match.ts';
import { viewOf } from './view.ts';

/** The longest distance of a match, in bytes: that much plain text is kept from earlier pieces. */
const history = 49_151;
/** The plain bytes of one piece, and usually also the packed bytes that are read together. */
const pieceLength = 128 * 1024;
/** In a valid stream these bytes of the end marker follow any literals. */
const endMarkerLength = 3;
/** Shorter runs of literals are copied by words, which may read and write three bytes more. */
const shortRun = 64;

/** Why reading paused: the input ends inside an instruction, the output is full, or the stream has ended. */
type Pause = 'needs input' | 'is full' | 'has ended';

/** The state of a stream that is not finished. */
interface State {
  /** A part of the packed bytes, and whether it is the last one. */
  segment: Buffer;
  input: DataView;
  last: boolean;
  ip: number;
  /** A part of the plain bytes, and how many came before it. */
  readonly plain: Buffer;
  readonly output: DataView;
  op: number;
  before: number;
  /** What the last instruction still has to copy: a match first, then literals. */
  match: number;
  distance: number;
  literals: number;
  /** How many literals preceded the next instruction, on which the meaning of a small one depends. */
  run: number;
}

/**
 * Unpacks one LZO1X stream of at most `most` plain bytes; each piece is valid until the next one is asked for.
 * @throws ProtocolError of kind 'compression' when it is not a whole valid stream, or 'too large' before it has made
 * more than `most` bytes
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
    // A first byte above 17 is a run of 1 to 238 literals, which only the first byte can encode.
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

/** The remaining bytes, and as many more as are worth reading together. */
function nextSegment(pieces: Iterator<Buffer>, left: Buffer): { bytes: Buffer; last: boolean } {
  const parts = left.length > 0 ? [left] : [];
  let length = left.length;
  // An instruction may be longer than a piece: each time it is incomplete, more bytes are read than before.
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

/** Decodes until input or room is missing. It is one long loop, because only then its positions stay in registers. */
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
      // The meaning of a small instruction depends on the literals before it: after a run it reaches farther back than
      // the other two-byte kinds.
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
 * The position of the byte that ends a length. Every zero byte before it stands for 255; two bytes must follow it.
 * Undefined when it has not arrived.
 */
function endOfZeros(input: DataView, from: number, most: number): number | undefined {
  const last = input.byteLength - endMarkerLength;
  let stop = from;
  while (stop <= last && input.getUint8(stop) === 0) stop += 1;
  // Checked here, so that lengths stay small integers.
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
