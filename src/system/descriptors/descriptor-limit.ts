import { readKernelFile } from '../kernel-file.ts';

/** How many descriptors this process may have open; Infinity where that is not known. */
export function descriptorLimit(): number {
  const found = /^Max open files\s+(\d+)/m.exec(readKernelFile('/proc/self/limits'))?.[1];
  return found === undefined ? Infinity : Number(found);
}
