// The launcher's sources are all of one folder: nobody has a list of them, wherever it is compiled.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { top } from './setup.mjs';

const folder = join(top, 'src/launcher');

/** The paths of what it is made of, headers too. */
export const launcherFiles = readdirSync(folder)
  .filter((name) => /\.[ch]$/.test(name))
  .sort()
  .map((name) => join(folder, name));

/** What a C compiler is given. */
export const launcherSources = launcherFiles.filter((path) => path.endsWith('.c'));
