import { fstatSync } from 'node:fs';
import { readWholeNumber } from '../../basics/whole-number.ts';
import { posix } from '../posix.ts';

/** A descriptor that the service manager opened for this process (sd_listen_fds(3)). */
export interface GivenDescriptor {
  readonly descriptor: number;
  /** FileDescriptorName= of its unit, or `unknown`. */
  readonly name: string;
}

/** The first descriptor given; the others follow it. */
const first = 3;
const most = 1024;

/**
 * Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. A process with another id has only inherited the variables, and gets
 * nothing.
 */
export function readGivenDescriptors(environment: NodeJS.ProcessEnv, pid: number): GivenDescriptor[] {
  const { LISTEN_PID: owner = '', LISTEN_FDS: count = '', LISTEN_FDNAMES: names = '' } = environment;
  if (owner !== String(pid)) return [];
  const name = names.split(':');
  return Array.from({ length: readWholeNumber(count, 0, most) ?? 0 }, (_, at) => ({
    descriptor: first + at,
    name: name[at] || 'unknown',
  }));
}

/** Takes the descriptors given to this process, and keeps them and the variables from programs that it starts. */
export function takeGivenDescriptors(environment: NodeJS.ProcessEnv): GivenDescriptor[] {
  const given = readGivenDescriptors(environment, process.pid);
  for (const variable of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete environment[variable];
  for (const { descriptor } of given) {
    try {
      posix.set_inheritable?.(descriptor, false);
    } catch {
      // It is not open, which the code that uses it will report.
    }
  }
  return given;
}

/** From <sys/socket.h> of Linux. */
const linux = { SOL_SOCKET: 1, SO_TYPE: 3, SO_ACCEPTCONN: 30, SOCK_STREAM: 1 } as const;

/**
 * What a descriptor is instead of a listening stream socket; undefined when it is one. Outside of Linux the check is
 * incomplete, and listening itself shows errors.
 */
export function whyNotListening(descriptor: number): string | undefined {
  try {
    if (!fstatSync(descriptor).isSocket()) return 'no socket';
  } catch {
    return 'not open';
  }
  if (process.platform !== 'linux' || posix.getsockopt === undefined) return undefined;
  const ask = (option: number): number | undefined =>
    posix.getsockopt?.(descriptor, linux.SOL_SOCKET, option, 4).readInt32LE(0);
  if (ask(linux.SO_TYPE) !== linux.SOCK_STREAM) return 'a datagram socket';
  return ask(linux.SO_ACCEPTCONN) === 0 ? 'a socket that does not listen' : undefined;
}
