import type { Grammar } from '../reading/decoder.ts';
import { ProtocolError } from '../reading/protocol-error.ts';

/** A number up to 2^32 - 1 has five groups of seven bits at most. */
const mostBytes = 5;
const largest = 0xffff_ffff;

/**
 * Encodes whole numbers from 0 to 2^32 - 1, seven bits a byte, the lowest first; all bytes of a number but its last
 * have 128 added. Throws a RangeError for any other number.
 */
export function encodeVarints(values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * mostBytes);
  let at = 0;
  for (const value of values) {
    if (!Number.isInteger(value) || value < 0 || value > largest) throw new RangeError(`${value} is not a varint`);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) at = bytes.writeUInt8((rest & 0x7f) | 0x80, at);
    at = bytes.writeUInt8(rest, at);
  }
  return bytes.subarray(0, at);
}

const tooLong = (of: string): ProtocolError => new ProtocolError('malformed', `a number of ${of} has no end`);

function checked(value: number, ceiling: number, of: string): number {
  if (value <= ceiling) return value;
  throw new ProtocolError('too large', `a number of ${of} is ${value}, more than the limit of ${ceiling}`);
}

/** Numbers and bytes out of a body that is there, from its start to its end. */
export class BodyReader {
  readonly #bytes: Buffer;
  readonly #of: string;
  #at = 0;

  /** @param of what the body is, for the sentence about one that is wrong */
  constructor(bytes: Buffer, of: string) {
    this.#bytes = bytes;
    this.#of = of;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next number. @throws ProtocolError when there is none, or it is larger than `ceiling` */
  number(ceiling: number): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < mostBytes && this.#at < this.#bytes.length; count += 1) {
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return checked(value, ceiling, this.#of);
      scale *= 0x80;
    }
    throw tooLong(this.#of);
  }

  /** The next bytes, which lie in the body. @throws ProtocolError when there are fewer */
  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) {
      throw new ProtocolError('malformed', `${this.#of} ends in the middle`);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Reads a number as its bytes come; gives how many they were as well. */
export function* readVarint(of: string, ceiling: number): Grammar<{ value: number; length: number }> {
  let value = 0;
  let scale = 1;
  for (let length = 1; length <= mostBytes; length += 1) {
    const [byte = 0] = yield { exactly: 1, of };
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: checked(value, ceiling, of), length };
    scale *= 0x80;
  }
  throw tooLong(of);
}
