import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A process as it was when it was looked at. */
export interface Seen {
  readonly pid: number;
  readonly command: string;
  readonly program: string;
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

const programOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
};

/** The processes with a mark in their command line or their environment, zombies left out. */
export function processesWith(mark: string): Seen[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({
      pid: Number(name),
      command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim(),
      environment: read(`/proc/${name}/environ`),
      program: programOf(Number(name)),
    }))
    .filter(({ command, environment }) => command.includes(mark) || environment.includes(mark))
    .filter(({ pid }) => !/^\d+ \(.*\) Z/s.test(read(`/proc/${pid}/stat`)))
    .map(({ pid, command, program }) => ({ pid, command, program }));
}

/** Sends a signal to a process that may be gone; tells whether it was there. */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The files below a folder on which somebody holds a lock. */
export function lockedFiles(folder: string): string[] {
  const held = new Set(
    read('/proc/locks')
      .split('\n')
      .map((line) => /[0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line)?.[1] ?? ''),
  );
  return filesBelow(folder).filter((name) => held.has(String(statSync(join(folder, name)).ino)));
}

/** The names of all files below a folder; none when it is not there. */
export function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch {
    return [];
  }
}
