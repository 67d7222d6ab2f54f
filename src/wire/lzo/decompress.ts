/*
 * The LZO1X decoder for a stream in memory, safe against any bytes (doc/protocol.md, "LZO1X"). Two tricks keep its
 * checks few:
 *
 * - The end marker has three bytes, so in a valid stream three more bytes follow any literals. Once the literals and an
 *   end marker are known to fit, the literals can be read as whole words, and the next instruction without a check.
 * - The output has a few bytes more than its capacity, so that copies may write whole words past their end; later
 *   output overwrites them.
 *
 * The main function is one long loop, because only then do its positions stay in registers.
 */
import { ProtocolError } from '../reading/protocol-error.ts';
import { copyMatch, slack } from './copy-match.ts';
import { viewOf } from './view.ts';

const endMarkerLength = 3;
/** The first guess of the output's length, in lengths of the stream: preprocessed C++ packs to a quarter or a fifth. */
const usualRatio = 6;

/**
 * Unpacks one LZO1X stream of at most `ceiling` plain bytes; memory grows with the output.
 * @throws ProtocolError of kind 'compression' when it is not a whole valid stream, or 'too large'
 */
export function decompressLzo(packed: Buffer, ceiling: number): Buffer {
  const input = viewOf(packed);
  const { length } = packed;
  let capacity = Math.min(ceiling, length * usualRatio);
  let plain: Buffer = Buffer.allocUnsafeSlow(capacity + slack);
  let output = viewOf(plain);
  let op = 0;
  // A first byte above 17 is a run of 1 to 238 literals, which only the first byte can encode.
  let literals = length > 0 ? Math.max(0, input.getUint8(0) - 17) : 0;
  let ip = literals > 0 ? 1 : 0;

  for (;;) {
    if (ip + literals + endMarkerLength > length) throw cutShort();
    if (literals > 0) {
      const end = op + literals;
      if (end > capacity) {
        plain = grown(plain, op, end, ceiling);
        output = viewOf(plain);
        capacity = plain.length - slack;
      }
      for (; op < end; op += 4, ip += 4) output.setInt32(op, input.getInt32(ip, true), true);
      ip -= op - end;
      op = end;
    }

    const instruction = input.getUint8(ip);
    let count = 0;
    let distance = 0;
    if (instruction >= 64) {
      count = (instruction >> 5) + 1;
      distance = (input.getUint8(ip + 1) << 3) + ((instruction >> 2) & 7) + 1;
      literals = instruction & 3;
      ip += 2;
    } else if (instruction >= 16) {
      const longest = instruction >= 32 ? 31 : 7;
      count = instruction & longest;
      ip += 1;
      if (count === 0) {
        const stop = endOfZeros(input, ip, ceiling);
        count = longest + 255 * (stop - ip) + input.getUint8(stop);
        ip = stop + 1;
      }
      count += 2;
      const word = input.getUint16(ip, true);
      distance = (word >> 2) + 1;
      literals = word & 3;
      ip += 2;
      if (instruction < 32) {
        distance += 16_383 + ((instruction & 8) << 11);
        if (distance === 16_384) break;
      }
    } else if (literals === 0) {
      literals = instruction + 3;
      ip += 1;
      if (instruction === 0) {
        const stop = endOfZeros(input, ip, ceiling);
        literals = 18 + 255 * (stop - ip) + input.getUint8(stop);
        ip = stop + 1;
      }
      continue;
    } else {
      // The meaning of a small instruction depends on the literals before it: after a run it reaches farther back than
      // the other two-byte kinds.
      const afterRun = literals > 3;
      count = afterRun ? 3 : 2;
      distance = (input.getUint8(ip + 1) << 2) + (instruction >> 2) + (afterRun ? 2049 : 1);
      literals = instruction & 3;
      ip += 2;
    }

    if (distance > op) {
      throw new ProtocolError('compression', `the LZO stream refers to ${distance} bytes back after only ${op}`);
    }
    const end = op + count;
    if (end > capacity) {
      plain = grown(plain, op, end, ceiling);
      output = viewOf(plain);
      capacity = plain.length - slack;
    }
    copyMatch(output, op, distance, end);
    op = end;
  }
  if (ip !== length) {
    throw new ProtocolError('compression', `${length - ip} bytes follow the end of the LZO stream`);
  }
  return plain.subarray(0, op);
}

/** The position of the byte that ends a length. Every zero byte before it stands for 255; two bytes must follow it. */
function endOfZeros(input: DataView, ip: number, ceiling: number): number {
  const last = input.byteLength - endMarkerLength;
  let stop = ip;
  while (stop <= last && input.getUint8(stop) === 0) stop += 1;
  if (stop > last) throw cutShort();
  // Checked here, so that lengths stay small integers.
  if (stop - ip > ceiling / 255) throw tooLarge(ceiling);
  return stop;
}

/**
 * A larger buffer with the first `used` bytes and room for `needed`. At least twice as long, so that copying takes
 * linear time in total.
 */
function grown(plain: Buffer, used: number, needed: number, ceiling: number): Buffer {
  if (needed > ceiling) throw tooLarge(ceiling);
  const larger = Buffer.allocUnsafeSlow(Math.min(ceiling, Math.max(needed, plain.length * 2)) + slack);
  plain.copy(larger, 0, 0, used);
  return larger;
}

function cutShort(): ProtocolError {
  return new ProtocolError('compression', 'the LZO stream ends before its end marker');
}

function tooLarge(ceiling: number): ProtocolError {
  return new ProtocolError('too large', `the LZO stream holds more than ${ceiling} bytes`);
}
