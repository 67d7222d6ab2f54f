import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { readWholeNumber } from '../../basics/whole-number.ts';
import { connectDatagram } from '../descriptors/datagram.ts';
import type { GivenDescriptor } from '../descriptors/given-descriptors.ts';
import { posix } from '../posix.ts';

/** A message to the service manager (sd_notify(3)): names and values. */
export type Notification = Readonly<Record<string, string | number>>;

/** Encodes a message: one line for each assignment. Line breaks in values become blanks. */
export const encodeNotification = (notification: Notification): string =>
  Object.entries(notification)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\n', ' ')}`)
    .join('\n');

/**
 * How often to feed the manager's watchdog, in ms: three times in its time-out. Undefined without a watchdog, or when
 * it watches another process.
 */
export function watchdogPeriod(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { WATCHDOG_USEC: limit = '', WATCHDOG_PID: watched = String(pid) } = environment;
  const microseconds = readWholeNumber(limit, 1, Number.MAX_SAFE_INTEGER);
  if (microseconds === undefined || watched !== String(pid)) return undefined;
  // Node's timers have at most 31 bits.
  return Math.min(Math.max(1, Math.floor(microseconds / 3000)), 2 ** 31 - 1);
}

/** A connection to the service manager, and the period of its watchdog. */
export interface ServiceManager {
  /** Sends a message. Never throws: a manager that does not listen is not a reason to stop. */
  readonly tell: (notification: Notification) => void;
  readonly watchdogMs: number | undefined;
}

/** Ignores errors of a message. */
const quietly =
  (send: (text: string) => void): ServiceManager['tell'] =>
  (notification) => {
    try {
      send(encodeNotification(notification));
    } catch {
      // The manager has ended or restarted.
    }
  };

/**
 * Sends by systemd-notify(1), which knows every kind of address but is another process: the unit needs
 * NotifyAccess=all.
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
 * Finds the service manager: by a descriptor named `notify` (OpenFile= of systemd 253), else by $NOTIFY_SOCKET; without
 * either nothing is sent. Started programs do not inherit the variables.
 */
export function findServiceManager(given: readonly GivenDescriptor[], environment: NodeJS.ProcessEnv): ServiceManager {
  const tell = quietly(chooseWay(given, environment));
  const watchdogMs = watchdogPeriod(environment, process.pid);
  for (const variable of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[variable];
  return { tell, watchdogMs };
}
