import { dirname, join, relative } from 'node:path';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { compilersAmong } from '../compiler/names/installed-names.ts';
import type { Toolchain } from '../compiler/names/installed-names.ts';
import { systemReason } from '../system/error-text.ts';
import { entriesOf, planLinks, takeStep } from './links.ts';
import type { LinkStep } from './links.ts';
import { isExecutable } from '../system/files/path-search.ts';
import type { SymlinkOptions, SymlinkPlaces } from '../config/symlink-options.ts';
import { changeNames, namesOf, readUnwantedNames, writeUnwantedNames } from './unwanted-names.ts';

/** Receives messages for the user. */
export interface Audience {
  tell(line: string): void;
  warn(sentence: string): void;
}

/** The directories to fill and to search, with options and root applied. */
interface Plan {
  readonly dirs: readonly string[];
  readonly compilerDirs: readonly string[];
  readonly toolchainDirs: readonly string[];
  /** The file of names that get no link; undefined for directories named by --masquerade-dir. */
  readonly list: string | undefined;
  target(dir: string): string;
}

/** The client program in the same directory as this one, as in a checkout or a local installation. */
function distccBeside(own: string): string | undefined {
  return [join(dirname(own), 'distcc'), join(dirname(own), '../bin/distcc')].find(isExecutable);
}

function planOf(options: SymlinkOptions, places: SymlinkPlaces, own: string): Plan {
  const { root = '/' } = options;
  const chosen = options['masquerade-dir'];
  const usual = chosen.length === 0;
  const inRoot = (paths: readonly string[]): string[] => paths.map((path) => join(root, path));
  const installed = isExecutable(join(root, places.distcc)) || options.root !== undefined;
  const beside = options.root === undefined ? distccBeside(own) : undefined;
  const distcc = options.distcc ?? (usual && installed ? places.distcc : (beside ?? places.distcc));
  return {
    dirs: inRoot(usual ? places.masqueradeDirs : chosen),
    compilerDirs: inRoot(options['compiler-dir'].length === 0 ? places.compilerDirs : options['compiler-dir']),
    toolchainDirs: inRoot(places.toolchainDirs),
    list: usual ? join(root, places.unwanted) : undefined,
    // Links in the usual directories are relative, as in distcc's packages, so that they are right from outside of a
    // root too.
    target: (dir) => (usual && distcc === places.distcc ? relative(dir, join(root, distcc)) : distcc),
  };
}

function toolchainsIn(dirs: readonly string[]): Toolchain[] {
  return dirs.flatMap((dir) => entriesOf(dir).map((triple) => ({ triple, versions: versionsIn(join(dir, triple)) })));
}

function versionsIn(dir: string): string[] {
  try {
    return entriesOf(dir);
  } catch {
    // Not a directory: a file among the directories of triples.
    return [];
  }
}

function wordsOf(step: LinkStep, dryRun: boolean): string {
  const would = dryRun ? 'would ' : '';
  return step.act === 'remove'
    ? `${would}remove ${step.path}`
    : `${would}${step.act === 'make' ? 'link' : 'relink'} ${step.path} to ${step.target}`;
}

function changeDirectory(dir: string, steps: readonly LinkStep[]): void {
  for (const step of steps) {
    try {
      takeStep(step);
    } catch (error) {
      throw new Failure(
        exitStatus.inputOutput,
        `cannot change "${step.path}": ${systemReason(error)}: run it as the owner of "${dir}", or name another directory with --masquerade-dir`,
        { cause: error },
      );
    }
  }
}

/** Changes the list as `--without` and `--with` ask, and returns its names. */
function changeList(path: string, options: SymlinkOptions, audience: Audience): ReadonlySet<string> {
  const old = readUnwantedNames(path);
  const list = changeNames(old, { add: options.without, remove: options.with });
  if (list === old) return namesOf(old);
  const dryRun = options['dry-run'];
  if (dryRun || options.verbose) audience.tell(`${dryRun ? 'would ' : ''}change ${path}`);
  if (!dryRun) writeUnwantedNames(list);
  return namesOf(list);
}

/**
 * Gives the masquerade directories a link for each installed compiler, and removes links whose compiler is gone. `own`
 * is the path of this program.
 * @throws Failure (status 107) when a directory, or the list of names that get no link, cannot be read or changed
 */
export function updateSymlinks(options: SymlinkOptions, places: SymlinkPlaces, own: string, audience: Audience): void {
  const plan = planOf(options, places, own);
  const { compilerDirs: programDirs } = plan;
  try {
    const candidates = compilersAmong(programDirs.flatMap(entriesOf), toolchainsIn(plan.toolchainDirs), places.custom);
    const names = candidates.filter((name) => programDirs.some((dir) => isExecutable(join(dir, name))));
    if (names.length === 0)
      audience.warn(`no compiler is installed in ${programDirs.join(' or ')}: install one and run this again`);
    const unwanted = plan.list === undefined ? new Set<string>() : changeList(plan.list, options, audience);
    for (const dir of plan.dirs) {
      const steps = planLinks(dir, { names, target: plan.target(dir), programDirs, unwanted });
      if (options['dry-run'] || options.verbose)
        for (const step of steps) audience.tell(wordsOf(step, options['dry-run']));
      if (!options['dry-run']) changeDirectory(dir, steps);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(exitStatus.inputOutput, `cannot look for compilers: ${systemReason(error)}`, { cause: error });
  }
}
