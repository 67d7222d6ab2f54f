/** Four numbers from 0 to 255 with dots between them. */
const dotted = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|$)){4}$/;

/** An address that may be IPv4 in IPv6 with all its zeros, such as `0:0:0:0:0:ffff:7f00:1`, in the short form. */
function inFewZeros(address: string): string {
  if (!/^0[0:]*:ffff:[0-9a-f.:]+$/i.test(address)) return address;
  try {
    return new URL(`http://[${address}]`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}

/**
 * An IPv4-mapped IPv6 address as plain IPv4: `::ffff:10.0.0.1` and `::ffff:a00:1` both give `10.0.0.1`. A socket that
 * serves both families names IPv4 clients in this way. Any other text is returned unchanged.
 */
export function unmapped(address: string): string {
  const mapped = /^::ffff:(.+)$/i.exec(inFewZeros(address))?.[1];
  if (mapped === undefined) return address;
  if (dotted.test(mapped)) return mapped;
  const halves = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(mapped);
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
