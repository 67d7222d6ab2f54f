import { readVariable } from '../config/client-environment.ts';
import type { Logger } from '../logging/log-line.ts';
import { pathOf, readable } from '../system/byte-text.ts';
import { connectSsh } from './connect-ssh.ts';
import { connectTcp } from './connect-tcp.ts';
import type { Connection } from './connection.ts';
import type { DistantHost } from './host.ts';
import type { Call } from './world.ts';

/** How a job with this environment reaches hosts; `messages` takes what ssh says. */
export function connectionMaker(
  { environment, directory }: Pick<Call, 'environment' | 'directory'>,
  log: Logger,
  messages: (bytes: Buffer) => void,
): (host: DistantHost) => Promise<Connection> {
  return (host) => {
    const idleSeconds = readVariable('DISTCC_IO_TIMEOUT', environment);
    if (host.kind === 'tcp')
      return connectTcp(host, idleSeconds, (address) => log.debug(`connecting to ${address} port ${host.port}`));
    const texts: Record<string, string> = {};
    for (const [name, value] of Object.entries(environment)) texts[readable(name)] = readable(value ?? '');
    const ssh = readable(readVariable('DISTCC_SSH', environment));
    const place = { environment: texts, directory: pathOf(directory) ?? '/' };
    return connectSsh(host, idleSeconds, { ssh, ...place, messages });
  };
}
