import { isIP, Socket } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { plainAddress } from '../policy/access-list.ts';
import type { AccessList } from '../policy/access-list.ts';
import type { ClientStream } from '../connection/client-stream.ts';
import { writeHostPort } from '../../basics/address-text.ts';
import type { Client } from './serve-client.ts';

interface NamedAddress {
  readonly address: string;
  readonly port: string;
}

/** The client's address in the variables of xinetd, systemd, tcpserver and inetutils-inetd, and sshd. */
function addressFromEnvironment(environment: NodeJS.ProcessEnv): NamedAddress | undefined {
  const [sshAddress, sshPort] = (environment['SSH_CONNECTION'] ?? '').split(' ');
  const said = [
    [sshAddress, sshPort],
    [environment['REMOTE_ADDR'], environment['REMOTE_PORT']],
    [environment['TCPREMOTEIP'], environment['TCPREMOTEPORT']],
    [environment['REMOTE_HOST'], environment['REMOTE_PORT']],
  ];
  for (const [address = '', port = '0'] of said) {
    const plain = plainAddress(address);
    if (isIP(plain) !== 0) return { address: plain, port: /^[0-9]{1,5}$/.test(port) ? port : '0' };
  }
  return undefined;
}

/**
 * Finds out who the client on stdin is, and whether it is admitted (doc/distcc-behaviour.md, "A client on standard
 * input"). A network socket is judged as in the daemon. A pipe or an ssh session was admitted by the program that
 * started this one: only `--allow` can deny it, by the address in that program's variables.
 */
export function identifyClient(
  stream: ClientStream,
  { options, access, environment }: { options: DaemonOptions; access: AccessList; environment: NodeJS.ProcessEnv },
): Client {
  const socket = stream instanceof Socket ? stream : undefined;
  if (socket?.remoteAddress !== undefined) {
    const address = plainAddress(socket.remoteAddress);
    return { address, name: writeHostPort(address, socket.remotePort ?? 0), admitted: access.admits(address) };
  }
  if (socket?.localAddress !== undefined) {
    throw new Failure(
      exitStatus.inputOutput,
      'stdin is a listening socket, not a connection: write "nowait" in inetd.conf, or "wait = no" for xinetd, or start with --daemon',
    );
  }
  const listed = options.allow.length > 0 || options['allow-private'];
  const named = addressFromEnvironment(environment);
  if (named !== undefined) {
    const { address, port } = named;
    return { address, name: writeHostPort(address, port), admitted: !listed || access.admits(address) };
  }
  // distcc's names for clients without an address. It refuses a Unix socket as soon as an access list is given.
  if (socket === undefined) return { address: 'NOTSOCKET', name: 'NOTSOCKET', admitted: true };
  return { address: 'UNIX-DOMAIN', name: 'UNIX-DOMAIN ', admitted: !listed };
}
