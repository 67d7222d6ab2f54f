/* LZO1X, the writing side (wire-protocol reference, section 6). */
import { viewOf } from './view.ts';

const hashBits = 14;
/** Where each hashed word was last seen; one for all calls, because no call is ever interrupted by another. */
const lastSeen = new Int32Array(1 << hashBits);

const smallDistance = 2048;
const middleDistance = 16_384;
const largestDistance = 49_151;
/** A position so far back that no distance reaches it: it empties `lastSeen`. */
const never = -1 - largestDistance;

/** No match starts in the last bytes: words are read and copied whole there, and stock encoders leave them alone too. */
const tail = 20;

const endMarker = Uint8Array.of(0x11, 0, 0);

/** How many bytes LZO1X may need for `length` plain bytes: a long run and a short far match cost one byte more than they hold. */
export function largestPacked(length: number): number {
  return length + Math.ceil(length / 16) + 67;
}

/** The middle of a packing: what was read, up to where it is packed, and what was written. */
interface State {
  ip: number;
  pending: number;
  op: number;
}

/** Packs bytes as one LZO1X stream with its end marker (11 00 00), as liblzo's lzo1x_1 does, for any LZO1X decoder. */
export function compressLzo(plain: Buffer): Buffer {
  const state = { ip: 1, pending: 0, op: 0 };
  // Words are copied whole, so up to three bytes more than the stream are written.
  const packed = Buffer.allocUnsafeSlow(largestPacked(plain.length) + 4);
  lastSeen.fill(never);
  compressUntil(state, plain, packed, lastSeen, plain.length);
  return finish(state, plain, packed);
}

/** So many plain bytes are packed in one turn. */
const turnLength = 1024 * 1024;

/** Does the same in turns of some milliseconds, between which others can have the thread. */
export function* compressLzoInTurns(plain: Buffer): Generator<void, Buffer, void> {
  const state = { ip: 1, pending: 0, op: 0 };
  const packed = Buffer.allocUnsafeSlow(largestPacked(plain.length) + 4);
  const seen = new Int32Array(lastSeen.length).fill(never);
  for (let until = turnLength; state.ip < plain.length - tail; until = state.ip + turnLength) {
    compressUntil(state, plain, packed, seen, until);
    yield;
  }
  return finish(state, plain, packed);
}

/** Packs until the position `until` is passed. One loop, so that its positions stay in registers. */
function compressUntil(state: State, plain: Buffer, packed: Buffer, seen: Int32Array, until: number): void {
  const input = viewOf(plain);
  const output = viewOf(packed);
  const limit = Math.min(plain.length - tail, until);
  let { ip, pending, op } = state;
  while (ip < limit) {
    const word = input.getInt32(ip, true);
    const slot = slotOf(word);
    const match = seen[slot] ?? never;
    seen[slot] = ip;
    const distance = ip - match;
    if (distance > largestDistance || input.getInt32(match, true) !== word) {
      // The longer nothing matches, the less is looked for: bytes that do not compress are passed quickly.
      ip += 1 + ((ip - pending) >> 5);
      continue;
    }
    if (pending < ip) {
      op = putRunLength(output, op, ip - pending);
      const end = op + ip - pending;
      for (; op < end; op += 4, pending += 4) output.setInt32(op, input.getInt32(pending, true), true);
      op = end;
    }
    pending = matchEnd(input, match, ip);
    op = putMatch(output, op, pending - ip, distance);
    ip = pending;
    // One position inside the match is remembered too: a few percent smaller for hardly any time.
    if (ip < plain.length - tail) seen[slotOf(input.getInt32(ip - 2, true))] = ip - 2;
  }
  state.ip = ip;
  state.pending = pending;
  state.op = op;
}

/** Writes the literals that are left, and the end. */
function finish({ pending, op }: State, plain: Buffer, packed: Buffer): Buffer {
  let end = op;
  if (pending < plain.length) {
    end = putRunLength(viewOf(packed), end, plain.length - pending);
    end += plain.copy(packed, end, pending);
  }
  packed.set(endMarker, end);
  return packed.subarray(0, end + endMarker.length);
}

/**
 * The bytes before and after a plain content that make it an LZO1X stream in which nothing is packed, for what is too large to be packed:
 * it can be sent as it is read.
 */
export function storeLzo(length: number): { readonly before: Buffer; readonly after: Buffer } {
  const before = Buffer.allocUnsafeSlow(Math.ceil(length / 255) + 2);
  return { before: before.subarray(0, putRunLength(viewOf(before), 0, length)), after: Buffer.from(endMarker) };
}

/** The slot of a word: its bits mixed by the golden ratio, the best mixed ones kept. */
function slotOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
}

/** Where the bytes at `at` stop being equal to those at `match`; the first four are known to be equal. */
function matchEnd(input: DataView, match: number, at: number): number {
  const limit = input.byteLength - 4;
  const back = at - match;
  let ip = at + 4;
  for (; ip <= limit; ip += 4) {
    const difference = input.getInt32(ip, true) ^ input.getInt32(ip - back, true);
    // The lowest bit that differs lies in the first byte that differs.
    if (difference !== 0) return ip + ((31 - Math.clz32(difference & -difference)) >> 3);
  }
  while (ip < input.byteLength && input.getUint8(ip) === input.getUint8(ip - back)) ip += 1;
  return ip;
}

/** Writes the length of the literals that follow; one to three of them have no instruction of their own. */
function putRunLength(output: DataView, op: number, run: number): number {
  if (op === 0 && run <= 238) {
    output.setUint8(0, 17 + run);
    return 1;
  }
  if (run <= 3) {
    // The two low bits of the last match: its last byte but one in every kind of match.
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

/** Writes one match with no literals after it; the distance decides which of three kinds it can be. */
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
  // The fifteenth bit of the rest has a place in the instruction; setUint16() drops it from the other fourteen.
  const far = distance - middleDistance;
  const next = putMatchLength(output, op, 16 | ((far >> 11) & 8), length);
  output.setUint16(next, far << 2, true);
  return next + 2;
}

/** Writes an instruction and a length of two or more: in five bits (three for 16..31), in more bytes when it is longer. */
function putMatchLength(output: DataView, op: number, instruction: number, length: number): number {
  const inInstruction = instruction >= 32 ? 33 : 9;
  if (length <= inInstruction) {
    output.setUint8(op, instruction | (length - 2));
    return op + 1;
  }
  output.setUint8(op, instruction);
  return putExtension(output, op + 1, length - inInstruction);
}

/** Writes the rest of a length, one or more: a zero byte stands for 255, the last byte is never zero. */
function putExtension(output: DataView, op: number, rest: number): number {
  let left = rest;
  let next = op;
  for (; left > 255; left -= 255, next += 1) output.setUint8(next, 0);
  output.setUint8(next, left);
  return next + 1;
}
