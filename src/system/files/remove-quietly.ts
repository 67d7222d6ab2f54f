import { rmSync } from 'node:fs';

/** Removes a file that nobody needs; what cannot be removed stays, for whoever cleans up next. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It belongs to somebody else, or the next start removes it.
  }
}
