import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { readWholeNumber } from '../basics/whole-number.ts';
import type { GivenDescriptor } from './given-descriptors.ts';
import { posix } from './posix.ts';

/** What a service tells its manager (sd_notify(3)): NAME and value. */
export type Notification = Readonly<Record<string, string | number>>;

/** One message: a line for each assignment; no value can begin another one. */
export const encodeNotification = (notification: Notification): string =>
  Object.entries(notification)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\n', ' ')}`)
    .join('\n');

/**
 * How often, in ms, the manager's watchdog wants to hear of us: three times in the time after which it ends a service. Undefined when nobody
 * watches, or another process is meant.
 */
export function watchdogPeriod(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { WATCHDOG_USEC: limit = '', WATCHDOG_PID: watched = String(pid) } = environment;
  const microseconds = readWholeNumber(limit, 1, Number.MAX_SAFE_INTEGER);
  if (microseconds === undefined || watched !== String(pid)) return undefined;
  // A timer of Node takes no more than 31 bits.
  return Math.min(Math.max(1, Math.floor(microseconds / 3000)), 2 ** 31 - 1);
}

/** A way to the service manager, and what it wants. */
export interface ServiceManager {
  /** Never throws: a manager that does not listen is no reason to stop serving. */
  readonly tell: (notification: Notification) => void;
  readonly watchdogMs: number | undefined;
}

/** Somebody reads what is said. */
const quietly =
  (send: (text: string) => void): ServiceManager['tell'] =>
  (notification) => {
    try {
      send(encodeNotification(notification));
    } catch {
      // The manager is gone, or another one has come.
    }
  };

/** From <sys/socket.h> of Linux. */
const linux = { AF_UNIX: 1, SOCK_DGRAM: 2, SOCK_CLOEXEC: 0o2000000 } as const;
/** posix-node hands connect(2) a plain struct sockaddr, whatever the address: a name and its NUL must fit. */
const nameLength = 13;

/** A datagram socket connected to a path, or undefined where posix-node cannot make one. */
function connectTo(path: string): number | undefined {
  const { socket, connect } = posix;
  const name = Buffer.from(`${basename(path)}\0`);
  if (process.platform !== 'linux' || socket === undefined || connect === undefined) return undefined;
  if (!path.startsWith('/') || name.length > nameLength + 1) return undefined;
  const here = process.cwd();
  try {
    process.chdir(dirname(path));
    const descriptor = socket(linux.AF_UNIX, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0);
    connect(descriptor, { sa_family: linux.AF_UNIX, sa_data: name, sa_len: name.length + 2 });
    return descriptor;
  } catch {
    return undefined;
  } finally {
    process.chdir(here);
  }
}

/** systemd-notify(1) reaches every kind of address, but as a process of its own: the unit must have NotifyAccess=all. */
const byProgram =
  (address: string, environment: NodeJS.ProcessEnv) =>
  (text: string): void =>
    void execFileSync('systemd-notify', text.split('\n'), {
      stdio: 'ignore',
      timeout: 2000,
      env: { PATH: environment['PATH'], NOTIFY_SOCKET: address },
    });

function chooseWay(given: readonly GivenDescriptor[], environment: NodeJS.ProcessEnv): (text: string) => void {
  const open = given.find(({ name }) => name === 'notify');
  if (open !== undefined) return (text) => void writeSync(open.descriptor, text);
  const address = environment['NOTIFY_SOCKET'] ?? '';
  if (address === '') return () => {};
  const connected = connectTo(address);
  if (connected === undefined) return byProgram(address, environment);
  return (text) => void posix.send?.(connected, Buffer.from(text), 0);
}

/**
 * Finds the way to the service manager: a descriptor named `notify` (OpenFile= of systemd 253), else $NOTIFY_SOCKET, else nobody is told.
 * The variables do not reach a program that we start.
 */
export function findServiceManager(given: readonly GivenDescriptor[], environment: NodeJS.ProcessEnv): ServiceManager {
  const tell = quietly(chooseWay(given, environment));
  const watchdogMs = watchdogPeriod(environment, process.pid);
  for (const variable of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[variable];
  return { tell, watchdogMs };
}
