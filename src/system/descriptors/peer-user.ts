import type { Socket } from 'node:net';
import { posix } from '../posix.ts';
import { descriptorOf } from './socket-descriptor.ts';

/** From <sys/socket.h> of Linux. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** The process at the other end of a Unix socket. */
export interface Peer {
  /** Its process id in this process's namespace; 0 when it is not visible there. */
  readonly pid: number;
  readonly user: number;
}

/**
 * The process at the other end of a Unix socket; undefined where the system cannot tell. There the mode of the socket's
 * folder has to keep others out.
 */
export function peerOf(socket: Socket): Peer | undefined {
  if (process.platform !== 'linux' || posix.getsockopt === undefined) return undefined;
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return undefined;
  // struct ucred: process, user and group id.
  const credentials = posix.getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, 12);
  return { pid: credentials.readUInt32LE(0), user: credentials.readUInt32LE(4) };
}

/** The user id of the process at the other end of a Unix socket; undefined where the system cannot tell. */
export function peerUser(socket: Socket): number | undefined {
  return peerOf(socket)?.user;
}
