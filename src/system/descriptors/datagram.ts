import { closeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { posix } from '../posix.ts';

/** From <sys/socket.h> of Linux. */
const linux = { AF_UNIX: 1, SOCK_DGRAM: 2, SOCK_CLOEXEC: 0o2000000 } as const;
/** posix-node hands connect(2) a plain struct sockaddr, whatever the address: a name and its NUL must fit. */
const nameLength = 13;

/** A datagram socket connected to a path, for `posix.send`; undefined where posix-node cannot make one, or nobody listens. */
export function connectDatagram(path: string): number | undefined {
  const { socket, connect } = posix;
  const name = Buffer.from(`${basename(path)}\0`);
  if (process.platform !== 'linux' || socket === undefined || connect === undefined) return undefined;
  if (!path.startsWith('/') || name.length > nameLength + 1) return undefined;
  const here = process.cwd();
  let descriptor: number | undefined;
  try {
    process.chdir(dirname(path));
    descriptor = socket(linux.AF_UNIX, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0);
    connect(descriptor, { sa_family: linux.AF_UNIX, sa_data: name, sa_len: name.length + 2 });
    return descriptor;
  } catch {
    if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  } finally {
    process.chdir(here);
  }
}
