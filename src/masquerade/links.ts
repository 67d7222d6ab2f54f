import { lstatSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '../system/error-text.ts';
import { makeFolder } from '../system/files/make-folder.ts';
import { isExecutable } from '../system/files/path-search.ts';

/** One change of a masquerade directory. */
export type LinkStep =
  | { readonly act: 'make' | 'renew'; readonly path: string; readonly target: string }
  | { readonly act: 'remove'; readonly path: string };

/** What a masquerade directory should hold. */
export interface WantedLinks {
  readonly names: readonly string[];
  /** The text of every link: the client program, absolute or relative to the directory. */
  readonly target: string;
  /** Where a link's name must be installed for the link to stay. */
  readonly programDirs: readonly string[];
  /** Names that get no link, and lose one to distcc. */
  readonly unwanted: ReadonlySet<string>;
}

/** The entries of a directory; none when there is no such directory. */
export function entriesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The text of a link; undefined when something else, or nothing, has the name. */
function linkText(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}

/** Only links to a distcc are ours to change: what an administrator put there stays. */
const isOurs = (text: string | undefined): text is string => text !== undefined && basename(text) === 'distcc';

/** Compares a masquerade directory with what it should hold. Nothing that is not a link to distcc is ever touched. */
export function planLinks(dir: string, { names, target, programDirs, unwanted }: WantedLinks): LinkStep[] {
  const present = entriesOf(dir).sort();
  const steps = present.flatMap((name): LinkStep[] => {
    const path = join(dir, name);
    const text = linkText(path);
    if (!isOurs(text)) return [];
    const isInstalled = programDirs.some((place) => isExecutable(join(place, name)));
    if (!isInstalled || unwanted.has(name)) return [{ act: 'remove', path }];
    // A link to a distcc that has moved away would make the compiler's name a dead end.
    return text === target || isExecutable(resolve(dir, text)) ? [] : [{ act: 'renew', path, target }];
  });
  const missing = names.filter((name) => !present.includes(name) && !unwanted.has(name));
  return [...steps, ...missing.map((name): LinkStep => ({ act: 'make', path: join(dir, name), target }))];
}

/**
 * Carries one step out. A name is never without its link in between: builds may be using it. Throws what the system
 * says.
 */
export function takeStep(step: LinkStep): void {
  if (step.act === 'remove') {
    unlinkSync(step.path);
    return;
  }
  makeFolder(dirname(step.path), 0o755);
  if (step.act === 'make') {
    symlinkSync(step.target, step.path);
    return;
  }
  const fresh = join(dirname(step.path), `.${process.pid}.${basename(step.path)}`);
  symlinkSync(step.target, fresh);
  try {
    renameSync(fresh, step.path);
  } catch (error) {
    unlinkSync(fresh);
    throw error;
  }
}
