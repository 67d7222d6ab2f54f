import IPCIDR from 'ip-cidr';
import { isIP, SocketAddress } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { readWholeNumber } from '../../basics/whole-number.ts';
import { unmapped } from '../../basics/place.ts';

/** Who may send jobs. */
export interface AccessList {
  /** Whether a client at this address (IPv4, IPv6, or IPv4 mapped into IPv6) is served. */
  admits(address: string): boolean;
  /** The networks, as text for the log. */
  readonly networks: readonly string[];
  /** What to tell the administrator about entries that were understood but look wrong. */
  readonly warnings: readonly string[];
}

/** `--allow-private`: RFC 1918, loopback and link-local IPv4; loopback, link-local and unique-local IPv6. */
export const privateNetworks: readonly string[] = [
  '10.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

interface Entry {
  readonly family: number;
  readonly network: IPCIDR;
  readonly text: string;
  readonly warning?: string;
}

/** The address that counts: IPv4 where it is mapped into IPv6; a zone is not part of it. */
export const plainAddress = (address: string): string => unmapped(address.split('%')[0] ?? '');

const malformed = (entry: string, reason: string, from: string): Failure =>
  new Failure(
    exitStatus.badArguments,
    `cannot understand "${entry}"${from}: ${reason}; write an address such as 192.168.1.7 or a network such as 192.168.1.0/24 or fd00::/8`,
  );

function parseEntry(entry: string, from: string): Entry {
  const [host = '', bits, ...rest] = entry.split('/');
  if (rest.length > 0) throw malformed(entry, 'it has more than one "/"', from);
  const address = plainAddress(host);
  const family = host.includes('%') ? 0 : isIP(address);
  if (family === 0) throw malformed(entry, `"${host}" is not an IPv4 or IPv6 address`, from);
  // The prefix of a mapped address counts from the front of the IPv6 form.
  const inner = family === 4 && isIP(host) === 6 ? 96 : 0;
  const width = family === 4 ? 32 : 128;
  const prefix =
    bits === undefined || bits === '' ? width : (readWholeNumber(bits, inner, width + inner) ?? -1) - inner;
  if (prefix < 0) throw malformed(entry, `"${bits}" is not a prefix length from ${inner} to ${width + inner}`, from);
  const network = new IPCIDR(`${address}/${prefix}`);
  const start = network.start<string>();
  // The short form of an IPv6 address, as the user would write it.
  const first = new SocketAddress({ address: start, family: family === 4 ? 'ipv4' : 'ipv6' }).address;
  const text = `${first}/${prefix}`;
  if (start === new IPCIDR(`${address}/${width}`).start<string>()) return { family, network, text };
  return { family, network, text, warning: `"${entry}"${from} has host bits set; using ${text}` };
}

/** One entry a line; `#` starts a comment. */
export function allowFileEntries(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/** Where entries come from: `--allow` itself, and the files of `--allow @FILE`. */
export interface AllowSource {
  readonly entries: readonly string[];
  /** Reads a file named by `@FILE`. */
  readonly readFile: (path: string) => string;
  readonly allowPrivate: boolean;
}

/** Whether the list would be empty, so that the private networks stand in for it. */
export const namesNobody = (source: AllowSource): boolean => source.entries.length === 0 && !source.allowPrivate;

/**
 * Builds the list. Without any entry only private networks are served.
 * @throws Failure (status 101) that names the malformed entry, or the file that cannot be read, and the cure
 */
export function parseAccessList(source: AllowSource): AccessList {
  const listed = source.entries.flatMap((entry) => {
    if (!entry.startsWith('@')) return [parseEntry(entry, '')];
    const file = entry.slice(1);
    return allowFileEntries(source.readFile(file)).map((line) => parseEntry(line, ` in "${file}"`));
  });
  const wantsPrivate = source.allowPrivate || namesNobody(source);
  const entries = [...listed, ...(wantsPrivate ? privateNetworks.map((network) => parseEntry(network, '')) : [])];
  return {
    admits: (client) => {
      const address = plainAddress(client);
      const family = isIP(address);
      return entries.some((entry) => entry.family === family && entry.network.contains(address));
    },
    networks: entries.map(({ text }) => text),
    warnings: entries.flatMap(({ warning }) => (warning === undefined ? [] : [warning])),
  };
}
