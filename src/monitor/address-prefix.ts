import { isIPv4 } from 'node:net';

function bitsOf(address: string): string | undefined {
  if (!isIPv4(address)) return undefined;
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}

/** Whether two IPv4 addresses have the same leading bits. Other addresses never do, unless `bits` is 0. */
export function samePrefix(one: string, other: string, bits: number): boolean {
  if (bits === 0) return true;
  const [first, second] = [bitsOf(one), bitsOf(other)];
  return first !== undefined && first.slice(0, bits) === second?.slice(0, bits);
}
