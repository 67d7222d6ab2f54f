/** An IPv6 address in its usual short form, with hexadecimal digits alone; undefined for any other text. */
function shortForm(address: string): string | undefined {
  try {
    return new URL(`http://[${address}]`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}

/**
 * An IPv4-mapped IPv6 address, however it is written, as plain IPv4: `::ffff:10.0.0.1`, `::ffff:a00:1` and
 * `0:0:0:0:0:FFFF:a00:1` give `10.0.0.1`. A socket that serves both families names IPv4 clients in this way. Any other
 * text is returned unchanged.
 */
export function unmapped(address: string): string {
  if (!/^[0:]*:ffff:[0-9a-f:.]+$/i.test(address)) return address;
  const halves = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(shortForm(address) ?? '');
  if (halves === null) return address;
  const bits = (Number.parseInt(halves[1] ?? '', 16) * 65536 + Number.parseInt(halves[2] ?? '', 16)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** An address or host name as it is written before a port: IPv6 in brackets. */
export function writeHost(address: string): string {
  const host = unmapped(address);
  return host.includes(':') ? `[${host}]` : host;
}

/** A host with its port: `192.0.2.1:3632`, `[fd99::5]:3632`. */
export function writeHostPort(address: string, port: number | string): string {
  return `${writeHost(address)}:${port}`;
}
