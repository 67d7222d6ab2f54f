import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { readWholeNumber } from '../../basics/whole-number.ts';
import { connectDatagram } from '../descriptors/datagram.ts';
import type { GivenDescriptor } from '../descriptors/given-descriptors.ts';
import { posix } from '../posix.ts';

/** What a service tells its manager (sd_notify(3)): NAME and value. */
export type Notification = Readonly<Record<string, string | number>>;

/** One message: a line for each assignment; no value can begin another one. */
export const encodeNotification = (notification: Notification): string =>
  Object.entries(notification)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\n', ' ')}`)
    .join('\n');

/**
 * How often, in ms, the manager's watchdog wants to hear of us: three times in the time after which it ends a service.
 * Undefined when nobody watches, or another process is meant.
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
  /** Never throws: a manager that does not listen is not a reason to stop serving. */
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

/**
 * systemd-notify(1) reaches every kind of address, but as a process of its own: the unit must have NotifyAccess=all.
 */
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
  const connected = connectDatagram(address);
  if (connected === undefined) return byProgram(address, environment);
  return (text) => void posix.send?.(connected, Buffer.from(text), 0);
}

/**
 * Finds the way to the service manager: a descriptor named `notify` (OpenFile= of systemd 253), else $NOTIFY_SOCKET,
 * else nobody is told. The variables do not reach a program that we start.
 */
export function findServiceManager(given: readonly GivenDescriptor[], environment: NodeJS.ProcessEnv): ServiceManager {
  const tell = quietly(chooseWay(given, environment));
  const watchdogMs = watchdogPeriod(environment, process.pid);
  for (const variable of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[variable];
  return { tell, watchdogMs };
}
