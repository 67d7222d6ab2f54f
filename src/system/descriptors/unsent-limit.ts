import type { Socket } from 'node:net';
import { posix } from '../posix.ts';
import { descriptorOf } from './socket-descriptor.ts';

/** From <netinet/tcp.h> of Linux. */
const IPPROTO_TCP = 6;
const TCP_NOTSENT_LOWAT = 25;

/**
 * Limits what the system takes before it can send it to about `bytes`. Otherwise it takes megabytes at once, and shows
 * nothing until a third of them has gone, so that a slow reader looks like one that does not read. Without effect on
 * what is not TCP, and outside of Linux.
 */
export function limitUnsent(socket: Socket, bytes: number): void {
  if (process.platform !== 'linux' || posix.setsockopt === undefined) return;
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return;
  const value = Buffer.alloc(4);
  value.writeUInt32LE(bytes);
  try {
    posix.setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, value);
  } catch {
    // A Unix socket.
  }
}
