import { readFileSync } from 'node:fs';

/** The content of a small kernel file, as in proc(5), as a byte text; empty when it cannot be read. */
export function readKernelFile(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
