import { readdirSync, statfsSync } from 'node:fs';
import { readKernelFile } from '../kernel-file.ts';

/** How many processes are ready to run, from /proc/loadavg; -1 without that file. */
export function runnableProcesses(): number {
  return Number(/ (\d+)\//.exec(readKernelFile('/proc/loadavg'))?.[1] ?? -1);
}

/** Figures about all processes that this account can see. */
export interface ProcessCensus {
  /** How many processes wait for a disk. */
  readonly uninterruptible: number;
  /** The process with most memory in use, in KiB, and its command in parentheses as in /proc/PID/stat. */
  readonly largest: { readonly kilobytes: number; readonly command: string };
}

/** Looks at all processes once. */
export function countProcesses(): ProcessCensus {
  let uninterruptible = 0;
  let largest = { kilobytes: 0, command: 'none' };
  for (const pid of listProcesses()) {
    const found = /^\d+ (\(.*\)) (\S) (.*)$/s.exec(readKernelFile(`/proc/${pid}/stat`));
    if (found === null) continue;
    const [, command = '', state, rest = ''] = found;
    if (state === 'D') uninterruptible += 1;
    // proc(5): rss is the 24th field, in pages of 4 KiB; the first three are gone.
    const kilobytes = Number(rest.split(' ')[20] ?? 0) * 4;
    if (kilobytes > largest.kilobytes) largest = { kilobytes, command };
  }
  return { uninterruptible, largest };
}

function listProcesses(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Sectors read and written so far by all whole disks, from /proc/diskstats. */
export function diskSectors(): number {
  let sectors = 0;
  for (const line of readKernelFile('/proc/diskstats').split('\n')) {
    const fields = line.trim().split(/ +/);
    if (/^(?:[hsv]d[a-z]+|nvme\d+n\d+)$/.test(fields[2] ?? '')) sectors += Number(fields[5]) + Number(fields[9]);
  }
  return sectors;
}

/** The space that users other than root can use in the file system of a directory, in MB; -1 when not known. */
export function freeMegabytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return Math.floor((bavail * bsize) / 1024 ** 2);
  } catch {
    return -1;
  }
}
