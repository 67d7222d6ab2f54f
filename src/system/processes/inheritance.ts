import { openSync, readdirSync } from 'node:fs';
import { posix } from '../posix.ts';

/**
 * Keeps every open descriptor above stderr from programs that we start. Node does so for the first ones only; a shell
 * or a test harness may have opened others, and would wait for ever until the last holder closes them.
 */
export function keepDescriptors(): void {
  if (posix.set_inheritable === undefined) return;
  for (const name of listDescriptors()) {
    const descriptor = Number(name);
    if (!(descriptor > 2)) continue;
    try {
      posix.set_inheritable(descriptor, false);
    } catch {
      // The descriptor that read the list is closed again.
    }
  }
}

/**
 * Where the system does not list them, none is higher: shells use those below ten, and Node itself keeps the first ones
 * back.
 */
const likely = 32;
const most = 1024;

/**
 * What to give a child that must not hold our descriptors from `first` on, where they cannot be kept from it in another
 * way: /dev/null in the place of each. A daemon that held the pipe of a `$(...)` would keep its reader waiting for
 * ever.
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
