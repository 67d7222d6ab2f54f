import { readdirSync } from 'node:fs';
import { posix } from './posix.ts';

/**
 * Keeps every open descriptor above stderr from programs that we start. Node does so for the first ones only; a shell or a test
 * harness may have opened others, and would wait for ever until the last holder closes them.
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

function listDescriptors(): string[] {
  try {
    return readdirSync('/dev/fd');
  } catch {
    return [];
  }
}
