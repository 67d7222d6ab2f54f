/* LZO1X, the writing side (doc/protocol.md, "LZO1X"). */
import type { Steps } from '../../basics/steps.ts';
import { viewOf } from './view.ts';

const hashBits = 14;
/** Where each hashed word was last seen. One table serves all calls, because no call is interrupted by another. */
const lastSeen = new Int32Array(1 << hashBits);

const smallDistance = 2048;
const middleDistance = 16_384;
const largestDistance = 49_151;
/** A position too far back for any match, for clearing `lastSeen`. */
const never = -1 - largestDistance;

/** No match starts in the last bytes, as in stock encoders, so that whole words can be read and copied there. */
const tail = 20;

const endMarker = Uint8Array.of(0x11, 0, 0);

/**
 * The most bytes that LZO1X needs for `length` plain bytes: a long run of literals and a short far match each cost one
 * byte more than they replace.
 */
export function largestPacked(length: number): number {
  return length + Math.ceil(length / 16) + 67;
}

/** The state of a compression that is not finished. */
interface State {
  readonly plain: Buffer;
  readonly packed: Buffer;
  /** Where each hashed word was last seen. */
  readonly seen: Int32Array;
  /** Positions: what has been read, up to where it is packed, and what has been written. */
  ip: number;
  pending: number;
  op: number;
  /** The finished part of the stream, and up to where `packed` is included in it. */
  readonly pieces: Buffer[];
  flushed: number;
}

/**
 * Limits for one step: how far to read, the longest match, and the longest run of literals that is copied; longer runs
 * are passed on as pieces of the input.
 */
interface Bounds {
  readonly until: number;
  readonly match: number;
  readonly copied: number;
}

function begin(plain: Buffer, seen: Int32Array): State {
  // Copying whole words writes up to three bytes more than the stream has.
  const packed = Buffer.allocUnsafeSlow(largestPacked(plain.length) + 4);
  seen.fill(never);
  return { plain, packed, seen, ip: 1, pending: 0, op: 0, pieces: [], flushed: 0 };
}

/** Packs bytes as one LZO1X stream with its end marker (11 00 00), as liblzo's lzo1x_1 does, for any LZO1X decoder. */
export function compressLzo(plain: Buffer): Buffer {
  const state = begin(plain, lastSeen);
  compressUntil(state, { until: plain.length, match: plain.length, copied: plain.length });
  putLast(state, plain.length);
  return state.packed.subarray(0, state.op);
}

/** How many plain bytes are packed in one step. */
const turnLength = 256 * 1024;
/** Longer runs of literals are not copied, but passed on as pieces of the input. */
const longRun = 16 * 1024;

/**
 * The same, in steps of a few milliseconds between which other work can run. The result is a list of pieces, some of
 * them parts of `plain`.
 */
export function* compressLzoInTurns(plain: Buffer): Steps<Buffer[]> {
  const state = begin(plain, new Int32Array(lastSeen.length));
  while (state.ip < plain.length - tail) {
    compressUntil(state, { until: state.ip + turnLength, match: turnLength, copied: longRun });
    yield;
  }
  putLast(state, longRun);
  return [...state.pieces, state.packed.subarray(state.flushed, state.op)];
}

/** Packs until a position is passed. It is one long loop, so that its positions stay in registers. */
function compressUntil(state: State, { until, match: longestMatch, copied }: Bounds): void {
  const { plain, packed, seen } = state;
  const input = viewOf(plain);
  const output = viewOf(packed);
  const last = plain.length - tail;
  const limit = Math.min(last, until);
  let { ip, pending, op } = state;
  while (ip < limit) {
    const word = input.getInt32(ip, true);
    const slot = slotOf(word);
    const match = seen[slot] ?? never;
    seen[slot] = ip;
    const distance = ip - match;
    if (distance > largestDistance || input.getInt32(match, true) !== word) {
      // The longer nothing matches, the larger the steps, so that incompressible bytes are passed quickly.
      ip += 1 + ((ip - pending) >> 5);
      continue;
    }
    if (pending < ip) {
      op = putRunLength(output, op, ip - pending);
      if (ip - pending > copied) {
        handOn(state, op, plain.subarray(pending, ip));
        pending = ip;
      } else {
        const end = op + ip - pending;
        for (; op < end; op += 4, pending += 4) output.setInt32(op, input.getInt32(pending, true), true);
        op = end;
      }
    }
    pending = matchEnd(input, match, ip, Math.min(plain.length, ip + longestMatch));
    op = putMatch(output, op, pending - ip, distance);
    ip = pending;
    // Remembering one position inside the match makes the result a few percent smaller and costs little time.
    if (ip < last) seen[slotOf(input.getInt32(ip - 2, true))] = ip - 2;
  }
  state.ip = ip;
  state.pending = pending;
  state.op = op;
}

/** Adds bytes to the stream without copying them. */
function handOn(state: State, op: number, bytes: Buffer): void {
  state.pieces.push(state.packed.subarray(state.flushed, op), bytes);
  state.flushed = op;
}

/** Writes the remaining literals and the end marker. */
function putLast(state: State, copied: number): void {
  const { plain, packed, pending } = state;
  const run = plain.length - pending;
  if (run > 0) {
    state.op = putRunLength(viewOf(packed), state.op, run);
    if (run > copied) handOn(state, state.op, plain.subarray(pending));
    else state.op += plain.copy(packed, state.op, pending);
  }
  packed.set(endMarker, state.op);
  state.op += endMarker.length;
}

/**
 * The bytes to put before and after plain content to make it an LZO1X stream without packing it. For content that is
 * too large to pack: it can be sent as it is read.
 */
export function storeLzo(length: number): { readonly before: Buffer; readonly after: Buffer } {
  const before = Buffer.allocUnsafeSlow(Math.ceil(length / 255) + 2);
  return { before: before.subarray(0, putRunLength(viewOf(before), 0, length)), after: Buffer.from(endMarker) };
}

/** The hash of a word: multiplied by the golden ratio, of which the highest bits are mixed best. */
function slotOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
}

/**
 * Where the bytes at `at` stop being equal to those at `match`, at most `end`. The first four are known to be equal.
 */
function matchEnd(input: DataView, match: number, at: number, end: number): number {
  const limit = end - 4;
  const back = at - match;
  let ip = at + 4;
  for (; ip <= limit; ip += 4) {
    const difference = input.getInt32(ip, true) ^ input.getInt32(ip - back, true);
    // The lowest bit that differs lies in the first byte that differs.
    if (difference !== 0) return ip + ((31 - Math.clz32(difference & -difference)) >> 3);
  }
  while (ip < end && input.getUint8(ip) === input.getUint8(ip - back)) ip += 1;
  return ip;
}

/** Writes the length of the literals that follow. One to three literals need no instruction of their own. */
function putRunLength(output: DataView, op: number, run: number): number {
  if (op === 0 && run <= 238) {
    output.setUint8(0, 17 + run);
    return 1;
  }
  if (run <= 3) {
    // The length goes into the two low bits of the last match's last byte but one, in every kind of match.
    output.setUint8(op - 2, output.getUint8(op - 2) | run);
    return op;
  }
  if (run <= 18) {
    output.setUint8(op, run - 3);
    return op + 1;
  }
  output.setUint8(op, 0);
  return putExtension(output, op + 1, run - 18);
}

/** Writes one match without literals after it. Length and distance decide its kind. */
function putMatch(output: DataView, op: number, length: number, distance: number): number {
  if (length <= 8 && distance <= smallDistance) {
    output.setUint8(op, ((length - 1) << 5) | (((distance - 1) & 7) << 2));
    output.setUint8(op + 1, (distance - 1) >> 3);
    return op + 2;
  }
  if (distance <= middleDistance) {
    const next = putMatchLength(output, op, 32, length);
    output.setUint16(next, (distance - 1) << 2, true);
    return next + 2;
  }
  // The fifteenth bit of the rest belongs into the instruction; setUint16() drops it from the other fourteen.
  const far = distance - middleDistance;
  const next = putMatchLength(output, op, 16 | ((far >> 11) & 8), length);
  output.setUint16(next, far << 2, true);
  return next + 2;
}

/**
 * Writes an instruction and a length of at least two: in five bits of it (three for 16..31), or in more bytes when it
 * is longer.
 */
function putMatchLength(output: DataView, op: number, instruction: number, length: number): number {
  const inInstruction = instruction >= 32 ? 33 : 9;
  if (length <= inInstruction) {
    output.setUint8(op, instruction | (length - 2));
    return op + 1;
  }
  output.setUint8(op, instruction);
  return putExtension(output, op + 1, length - inInstruction);
}

/** Writes the rest of a length, at least one: a zero byte for each 255; the last byte is never zero. */
function putExtension(output: DataView, op: number, rest: number): number {
  let left = rest;
  let next = op;
  for (; left > 255; left -= 255, next += 1) output.setUint8(next, 0);
  output.setUint8(next, left);
  return next + 1;
}
