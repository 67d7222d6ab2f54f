import { readFileSync } from 'node:fs';

/** The content of a small file of the kernel's, as in proc(5), byte for character; nothing where it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
