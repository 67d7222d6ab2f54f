/** Four numbers from 0 to 255 with dots between them. */
const dotted = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|$)){4}$/;

/**
 * `::ffff:10.0.0.1` and `::ffff:a00:1` are the IPv4 address 10.0.0.1, on a socket that serves both families; any other
 * text is itself.
 */
export function unmapped(address: string): string {
  const mapped = /^::ffff:(.+)$/i.exec(address)?.[1];
  if (mapped === undefined) return address;
  if (dotted.test(mapped)) return mapped;
  const halves = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(mapped);
  if (halves === null) return address;
  const bits = (Number.parseInt(halves[1] ?? '', 16) * 65536 + Number.parseInt(halves[2] ?? '', 16)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** An address, or the name of a host, as it stands before a port. */
export function writeHost(address: string): string {
  const host = unmapped(address);
  return host.includes(':') ? `[${host}]` : host;
}

/** The same and a port, as everybody writes them: `192.0.2.1:3632`, `[fd99::5]:3632`. */
export function writePlace(address: string, port: number | string): string {
  return `${writeHost(address)}:${port}`;
}
