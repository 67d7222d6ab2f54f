import { defaultPort } from '../wire/port.ts';
import { writeHost, writeHostPort } from '../basics/address-text.ts';
import type { ProtocolVersion } from '../wire/protocol-version.ts';
import type { Finding } from './probe-server.ts';

/** How servers are printed. */
export interface LineStyle {
  readonly port: number;
  readonly version: ProtocolVersion;
  /** Whether the server's time is added. */
  readonly latency: boolean;
}

const suffixes: Readonly<Record<ProtocolVersion, string>> = { 1: '', 2: ',lzo', 3: ',lzo,cpp' };

/**
 * A server as DISTCC_HOSTS takes it: name, port when it is not the usual one, options (doc/distcc-behaviour.md,
 * "lsdistcc").
 */
export function serverLine(name: string, { up, ms }: Finding, { port, version, latency }: LineStyle): string {
  const place = port === defaultPort ? writeHost(name) : writeHostPort(name, port);
  return `${place}${suffixes[version]}${up ? '' : ',down'}${latency ? ` ${ms}` : ''}`;
}
