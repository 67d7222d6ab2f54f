import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';

/** Where execvp(3) looks when PATH is not set. */
const standardPath = '/bin:/usr/bin';

/** Whether a path names a regular file that we may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The directories of a PATH, absolute; an empty entry is the current directory. */
export function pathDirectories(path: string | undefined, directory: string): string[] {
  return (path ?? standardPath).split(':').map((entry) => resolve(directory, entry));
}

/** Whether a file is a link to a program of that name. */
function leadsTo(path: string, program: string): boolean {
  try {
    return basename(realpathSync(path)) === program;
  } catch {
    return false;
  }
}

/** Where to look for a program, and what to pass over. */
export interface Search {
  readonly path: string | undefined;
  readonly directory: string;
  /** Links to a program of this name are passed over: a masquerading link is never the compiler itself. */
  readonly notLeadingTo?: string;
}

/**
 * Finds a program as execvp(3) does; a name with "/" is that file. Undefined when no directory has it. The result may be relative only
 * when the name is.
 */
export function findProgram(name: string, { path, directory, notLeadingTo }: Search): string | undefined {
  if (name.includes('/')) {
    const file = isAbsolute(name) ? name : resolve(directory, name);
    return isExecutable(file) ? name : undefined;
  }
  if (name === '') return undefined;
  for (const entry of pathDirectories(path, directory)) {
    const file = join(entry, name);
    if (isExecutable(file) && (notLeadingTo === undefined || !leadsTo(file, notLeadingTo))) return file;
  }
  return undefined;
}
