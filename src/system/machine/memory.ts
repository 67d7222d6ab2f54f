import { readdirSync } from 'node:fs';
import { freemem } from 'node:os';
import { readKernelFile } from '../kernel-file.ts';

function kilobytes(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

/**
 * How many bytes programs can still use without swapping: MemAvailable of proc_meminfo(5), or the free memory on other
 * systems.
 */
export function availableMemory(): number {
  return kilobytes(readKernelFile('/proc/meminfo'), 'MemAvailable') ?? freemem();
}

/** The children of a process; none where the kernel has no such list (CONFIG_PROC_CHILDREN). */
function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) => {
    const text = readKernelFile(`/proc/${pid}/task/${thread}/children`);
    return [...text.matchAll(/\d+/g)].map(([number]) => Number(number));
  });
}

/** The most descendants that are counted; more is a fork bomb. */
const mostProcesses = 256;

/**
 * The sum of the peak memory, in bytes, of a process and its running descendants (VmHWM of proc_pid_status(5)); 0 when
 * not known, as on systems other than Linux.
 */
export function peakMemoryOfTree(pid: number): number {
  let sum = 0;
  const family = [pid];
  for (let at = 0; at < family.length && at < mostProcesses; at += 1) {
    const next = family[at] ?? 0;
    sum += kilobytes(readKernelFile(`/proc/${next}/status`), 'VmHWM') ?? 0;
    family.push(...childrenOf(next));
  }
  return sum;
}

/** How many bytes of memory this process uses now; 0 on Linux without /proc. */
export function ownMemory(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
