import { lstatSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '../system/error-text.ts';
import { makeFolder } from '../system/files/make-folder.ts';
import { isExecutable } from '../system/files/path-search.ts';

/** One change to a masquerade directory. */
export type LinkStep =
  | { readonly act: 'make' | 'renew'; readonly path: string; readonly target: string }
  | { readonly act: 'remove'; readonly path: string };

/** What a masquerade directory should hold. */
export interface WantedLinks {
  readonly names: readonly string[];
  /** The target of every link: the client program, absolute or relative to the directory. */
  readonly target: string;
  /** The directories of compilers: a link stays only when its name is in one of them. */
  readonly programDirs: readonly string[];
  /** Names that get no link; an existing link to distcc is removed. */
  readonly unwanted: ReadonlySet<string>;
}

/** The entries of a directory; none when it does not exist. */
export function entriesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The target of a link; undefined when the name is not a link or does not exist. */
function linkText(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}

/** Whether a link may be changed: only links to a distcc are. Anything else is the administrator's and stays. */
const isOurs = (text: string | undefined): text is string => text !== undefined && basename(text) === 'distcc';

/** The steps that give a masquerade directory the wanted links. Only links to distcc are ever changed. */
export function planLinks(dir: string, { names, target, programDirs, unwanted }: WantedLinks): LinkStep[] {
  const present = entriesOf(dir).sort();
  const steps = present.flatMap((name): LinkStep[] => {
    const path = join(dir, name);
    const text = linkText(path);
    if (!isOurs(text)) return [];
    const isInstalled = programDirs.some((place) => isExecutable(join(place, name)));
    if (!isInstalled || unwanted.has(name)) return [{ act: 'remove', path }];
    // A link to a distcc that no longer exists would make the compiler's name useless.
    return text === target || isExecutable(resolve(dir, text)) ? [] : [{ act: 'renew', path, target }];
  });
  const missing = names.filter((name) => !present.includes(name) && !unwanted.has(name));
  return [...steps, ...missing.map((name): LinkStep => ({ act: 'make', path: join(dir, name), target }))];
}

/**
 * Carries one step out. A renewed link is replaced in one operation, since a build may be using it.
 * @throws the system's error
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
