import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';

/** Where execvp(3) looks when PATH is not set. */
const standardPath = '/bin:/usr/bin';

/** Facts about a file, and the times and numbers that show whether it has changed. */
interface Known {
  readonly device: number;
  readonly inode: number;
  readonly changed: number;
  readonly executable: boolean;
  /** When it was looked at, in ms. */
  looked: number;
  /** The file's own name, after all links; found when it is first asked for. */
  ownName: string | undefined;
}

/** Known files: a process that does many jobs asks for the same few compilers each time. */
const known = new Map<string, Known>();
const mostKnown = 1024;
/** Within this many ms a file is not looked at again: one job asks for its compiler several times. */
const sameMoment = 5;

function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function look(path: string): Known | undefined {
  const now = performance.now();
  const before = known.get(path);
  if (before !== undefined && now - before.looked < sameMoment) return before;
  let found: Stats | undefined;
  try {
    // Without an exception for a missing file: making one costs more than the look.
    found = statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  if (found === undefined) return undefined;
  const { dev: device, ino: inode, ctimeMs: changed } = found;
  if (before?.inode === inode && before.device === device && before.changed === changed) {
    before.looked = now;
    return before;
  }
  const executable = found.isFile() && mayExecute(path);
  const fresh = { device, inode, changed, executable, looked: now, ownName: undefined };
  if (known.size >= mostKnown) known.clear();
  known.set(path, fresh);
  return fresh;
}

/** Whether a path is a regular file that this process may execute. */
export function isExecutable(path: string): boolean {
  return look(path)?.executable === true;
}

/** The directories of a PATH, absolute; an empty entry is the current directory. */
export function pathDirectories(path: string | undefined, directory: string): string[] {
  return (path ?? standardPath).split(':').map((entry) => resolve(directory, entry));
}

/** Whether a file is a link to a program of that name, such as a masquerade link to distcc. */
export function leadsTo(path: string, program: string): boolean {
  const file = look(path);
  if (file === undefined) return false;
  try {
    file.ownName ??= basename(realpathSync(path));
  } catch {
    return false;
  }
  return file.ownName === program;
}

/** Where to look for a program, and what to skip. */
export interface Search {
  readonly path: string | undefined;
  readonly directory: string;
  /** Links to a program of this name are skipped. */
  readonly notLeadingTo?: string;
}

/**
 * Finds a program as execvp(3) does; a name with "/" is that file. Undefined when no directory has it. The result is
 * relative only when a name with "/" is.
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
