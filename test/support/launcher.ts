import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../src/launcher');

/** What a C compiler is given to build the launcher. */
export const launcherSources: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.c'))
  .map((name) => join(folder, name));

/** One of its files. */
export function readLauncher(name: 'agent.c' | 'alone.c' | 'distcc.c' | 'launcher.h'): string {
  return readFileSync(join(folder, name), 'utf8');
}
