import type { Socket } from 'node:net';
import { posix } from './posix.ts';

/** From <sys/socket.h> of Linux. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/**
 * The user id of the process at the other end of a Unix socket; undefined where it cannot be asked for: there the mode of the socket's
 * folder has to keep others out.
 */
export function peerUser(socket: Socket): number | undefined {
  if (process.platform !== 'linux' || posix.getsockopt === undefined) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node has no public way to a socket's descriptor
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } };
  if (handle?.fd === undefined || handle.fd < 0) return undefined;
  // struct ucred: process, user and group id.
  return posix.getsockopt(handle.fd, SOL_SOCKET, SO_PEERCRED, 12).readUInt32LE(4);
}
