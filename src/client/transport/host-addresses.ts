import { lookUpAddresses } from '../../system/machine/name-lookup.ts';
import type { TcpHost } from '../hosts/host.ts';
import { NameResolver } from './resolve-name.ts';

/** The look-ups of names, shared by all jobs of this process. */
const resolver = new NameResolver(lookUpAddresses, () => performance.now());

/** For names with several addresses: the one that answered last. */
const answered = new Map<string, string>();

/**
 * The addresses of a host, first the one that answered last, so that a dead address does not delay every job. Throws a
 * TransportError.
 */
export async function addressesOf(
  { name }: TcpHost,
  names: Pick<NameResolver, 'addressesOf'> = resolver,
): Promise<readonly string[]> {
  const addresses = await names.addressesOf(name);
  const last = answered.get(name);
  if (last === undefined || !addresses.includes(last)) return addresses;
  return [last, ...addresses.filter((address) => address !== last)];
}

/** Notes which of a host's addresses has answered. */
export function noteAnswer({ name }: TcpHost, address: string): void {
  if (address !== name) answered.set(name, address);
}
