import { openSync, readdirSync } from 'node:fs';
import { posix } from '../posix.ts';

/**
 * Keeps started programs from inheriting any descriptor above stderr. Node does so only for the first few; a shell or a
 * test harness may have left others open, and would wait until the last holder closes them.
 */
export function keepDescriptors(): void {
  if (posix.set_inheritable === undefined) return;
  for (const name of listDescriptors()) {
    const descriptor = Number(name);
    if (!(descriptor > 2)) continue;
    try {
      posix.set_inheritable(descriptor, false);
    } catch {
      // It was the descriptor for reading the list, which is closed now.
    }
  }
}

/** The highest descriptor to expect where the system does not list them: shells use those below ten. */
const likely = 32;
const most = 1024;

/**
 * Replacements (/dev/null) for all our descriptors from `first` on, for a child that must not hold them and cannot be
 * kept from inheriting them. A daemon that held the pipe of a `$(...)` would keep its reader waiting for ever.
 */
export function descriptorCovers(first: number): number[] {
  if (posix.set_inheritable !== undefined) return [];
  const open = listDescriptors()
    .map(Number)
    .filter((descriptor) => descriptor < most);
  const nothing = openSync('/dev/null', 'r+');
  return Array.from({ length: Math.max(likely, ...open) + 1 - first }, () => nothing);
}

function listDescriptors(): string[] {
  try {
    return readdirSync('/dev/fd');
  } catch {
    return [];
  }
}
