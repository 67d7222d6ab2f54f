import type { Socket } from 'node:net';
import { posix } from '../posix.ts';
import { descriptorOf } from './socket-descriptor.ts';

/** From <netinet/tcp.h> of Linux. */
const IPPROTO_TCP = 6;
const TCP_NOTSENT_LOWAT = 25;

/**
 * Limits the kernel's buffer of unsent bytes to about `bytes`. Otherwise it accepts megabytes at once and then no more
 * until a third of them is sent, so that a slow reader looks like one that does not read. Only for TCP on Linux.
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
    // It is a Unix socket.
  }
}
