import { closeSync } from 'node:fs';
import { posix } from '../posix.ts';

/** From <sys/socket.h> of Linux. */
const linux = { AF_UNIX: 1, SOCK_DGRAM: 2, SOCK_CLOEXEC: 0o2000000 } as const;

/**
 * A datagram socket connected to a path, for `posix.send`; undefined where this system cannot make one, or nobody
 * listens.
 */
export function connectDatagram(path: string): number | undefined {
  const { socket, connect } = posix;
  if (socket === undefined || connect === undefined || !path.startsWith('/')) return undefined;
  let descriptor: number | undefined;
  try {
    descriptor = socket(linux.AF_UNIX, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0);
    connect(descriptor, Buffer.from(path));
    return descriptor;
  } catch {
    if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  }
}
