// The launcher's sources are all files of one folder, so that no list of them has to be kept.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { top } from './setup.mjs';

const folder = join(top, 'src/launcher');

/** The paths of its files, with headers. */
export const launcherFiles = readdirSync(folder)
  .filter((name) => /\.[ch]$/.test(name))
  .sort()
  .map((name) => join(folder, name));

/** The paths of its C files. */
export const launcherSources = launcherFiles.filter((path) => path.endsWith('.c'));
