import { limits } from '../limits.ts';
import { ProtocolError } from '../reading/protocol-error.ts';
import { BodyReader, encodeVarints } from './varint.ts';

/** The largest number of a session. */
export const largestNumber = limits.numbers - 1;

/** Encodes numbers that rise, each as its distance from the one before; throws a RangeError when they do not. */
export function encodeNumbers(numbers: readonly number[]): Buffer {
  let before = 0;
  const distances = numbers.map((number, index) => {
    const distance = number - before;
    if (number > largestNumber || (index > 0 && distance < 1)) throw new RangeError(`${number} after ${before}`);
    before = number;
    return distance;
  });
  return encodeVarints(distances);
}

/** Reads numbers that rise. @throws ProtocolError when they do not, or one is too large */
export function decodeNumbers(bytes: Buffer, of: string): number[] {
  const body = new BodyReader(bytes, of);
  const numbers: number[] = [];
  let before = 0;
  while (!body.ended) {
    const distance = body.number(largestNumber - before);
    if (numbers.length > 0 && distance === 0) throw new ProtocolError('malformed', `a number of ${of} comes twice`);
    before += distance;
    numbers.push(before);
  }
  return numbers;
}
