import IPCIDR from 'ip-cidr';
import { BlockList, isIP } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { readWholeNumber } from '../../basics/whole-number.ts';
import { unmapped } from '../../basics/address-text.ts';

/** Who may send jobs. */
export interface AccessList {
  /** Whether a client at this address (IPv4, IPv6, or IPv4 mapped into IPv6) is served. */
  admits(address: string): boolean;
  /** The networks as a log shows them. */
  readonly networks: readonly string[];
  /** A sentence about each entry that was understood but looks wrong. */
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
  readonly family: 'ipv4' | 'ipv6';
  /** The first address of the network. */
  readonly first: string;
  readonly prefix: number;
  /** The network as a log shows it. */
  readonly text: string;
  readonly warning?: string;
}

/** The address that an access list judges: IPv4 when it is mapped into IPv6, and without a zone. */
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
  const version = host.includes('%') ? 0 : isIP(address);
  if (version === 0) throw malformed(entry, `"${host}" is not an IPv4 or IPv6 address`, from);
  // The prefix of an IPv4-mapped address is counted in the bits of the IPv6 form.
  const inner = version === 4 && isIP(host) === 6 ? 96 : 0;
  const width = version === 4 ? 32 : 128;
  const prefix =
    bits === undefined || bits === '' ? width : (readWholeNumber(bits, inner, width + inner) ?? -1) - inner;
  if (prefix < 0) throw malformed(entry, `"${bits}" is not a prefix length from ${inner} to ${width + inner}`, from);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  // ip-cidr writes IPv6 addresses in full, and takes one whose end is written as an IPv4 address for the latter. A URL
  // has them in the usual short form, always with hexadecimal digits.
  const short = (start: string): string => (version === 4 ? start : new URL(`http://[${start}]`).hostname.slice(1, -1));
  const first = short(new IPCIDR(`${short(address)}/${prefix}`).start<string>());
  const common = { family, first, prefix, text: `${first}/${prefix}` } as const;
  if (first === short(address)) return common;
  return { ...common, warning: `"${entry}"${from} has host bits set; using ${common.text}` };
}

/**
 * The networks of a list, ready for matching. ip-cidr reads what the administrator writes, and Node's BlockList matches
 * addresses: per address ip-cidr takes 50 microseconds with 10 networks and 4 ms with 1000, BlockList takes 2 and 11
 * microseconds. Each family has a BlockList of its own, because one for both would find IPv4 addresses in `::/0`.
 */
class Networks {
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  constructor(entries: readonly Entry[]) {
    for (const { family, first, prefix } of entries) this.#lists[family].addSubnet(first, prefix, family);
  }

  has(address: string): boolean {
    const version = isIP(address);
    const family = version === 4 ? 'ipv4' : 'ipv6';
    return version !== 0 && this.#lists[family].check(address, family);
  }
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

/** Whether nothing is named, so that the private networks are served. */
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
  const permitted = new Networks(entries);
  return {
    admits: (client) => permitted.has(plainAddress(client)),
    networks: entries.map(({ text }) => text),
    warnings: entries.flatMap(({ warning }) => (warning === undefined ? [] : [warning])),
  };
}
