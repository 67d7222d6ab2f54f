import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** What of a machine is in the root of each job. */
export interface RootPlan {
  /** Absolute paths that are shown, with all below them; none lies below another. */
  readonly shown: readonly string[];
  /** Links in the root itself, such as `/bin`: path and relative text. */
  readonly links: ReadonlyMap<string, string>;
}

/** Where compilers may be, and what is never shown: the directory of the jobs' folders. */
export interface Places {
  readonly directories: readonly string[];
  readonly temporary: string;
}

/**
 * Single things that compilers, and the scripts around them, read beside programs and libraries: which alternative a
 * name stands for, where libraries are, what a distribution makes of its compilers, translations, perl's modules, two
 * devices; and two distributions' stores of all their programs.
 */
const single = [
  '/dev/null',
  '/dev/urandom',
  '/etc/alternatives',
  '/etc/ccache.conf',
  '/etc/clang',
  '/etc/env.d/gcc',
  '/etc/ld.so.cache',
  '/gnu/store',
  '/nix/store',
  '/usr/share/gcc-data',
  '/usr/share/locale',
  '/usr/share/locale-langpack',
  '/usr/share/perl',
  '/usr/share/perl5',
];
const programFolder = /^(?:s?bin|lib(?:exec|x?\d*|o32|\d+\w*)?)$/;
/** Everybody has these, and no toolchain is there. */
const ordinary = new Set(['etc', 'games', 'include', 'local', 'man', 'share', 'src', 'tmp']);
/** Trees of which only the programs and libraries are shown. */
const systemTrees = ['/usr', '/usr/local'];
/** Somebody's home, or all of them. */
const home = /^\/(?:home|root|var\/home)(?:\/[^/]+)?$/;

const isBelow = (path: string, folder: string): boolean => /^(?!\.\.(?:\/|$))[^/]/.test(relative(folder, path));
const holds = (folder: string, path: string): boolean => folder === path || isBelow(path, folder);

/** What a try comes to, or undefined where the file system says no. */
function attempt<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}
const isThere = (path: string): boolean => attempt(() => lstatSync(path)) !== undefined;
const isLink = (path: string): boolean => attempt(() => lstatSync(path).isSymbolicLink()) === true;
const isFolder = (path: string): boolean => attempt(() => statSync(path).isDirectory()) === true;
const namesIn = (folder: string): string[] => attempt(() => readdirSync(folder)) ?? [];
const realPath = (path: string): string => attempt(() => realpathSync(path)) ?? path;

/**
 * Programs and libraries of a tree such as `/usr`, and the toolchains for other machines in it, which have a `bin` of
 * their own.
 */
const toolsOfTree = (tree: string): string[] =>
  namesIn(tree)
    .filter((name) => programFolder.test(name) || (!ordinary.has(name) && isFolder(join(tree, name, 'bin'))))
    .map((name) => join(tree, name));

/** A toolchain's own tree: not a directory of many things, one where everybody may put something, or a home. */
function isTree(path: string): boolean {
  const about = attempt(() => statSync(path));
  if (path.split('/').length <= 2 || systemTrees.includes(path) || home.test(path)) return false;
  return about !== undefined && (about.mode & 0o002) === 0;
}

/**
 * What belongs to the programs of a directory: the tree whose `bin` it is, or what lies beside it as a toolchain's
 * parts do.
 */
export function toolsAround(directory: string, temporary: string): string[] {
  const above = dirname(directory);
  if (!/^s?bin$/.test(directory.slice(above.length).replace('/', ''))) return [directory];
  if (isTree(above) && !holds(above, temporary)) return [above];
  const beside = namesIn(above).filter((name) => name.startsWith('lib') && programFolder.test(name));
  return [directory, ...beside.map((name) => join(above, name))];
}

const longestScript = 64 * 1024;

/** The programs that a script names by their whole path, its interpreter among them; of what is not a script, none. */
function programsNamedIn(path: string): string[] {
  const text = attempt(() => readStart(path)) ?? '';
  if (!text.startsWith('#!')) return [];
  const named = new Set([...text.matchAll(/(?<![\w.+/-])\/[\w.+/-]+/g)].map(([name]) => name));
  return [...named].filter((name) => attempt(() => isProgram(name)) === true);
}

function isProgram(path: string): boolean {
  const about = statSync(path);
  return about.isFile() && (about.mode & 0o111) !== 0;
}

function readStart(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(longestScript);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A program with the links that lead to it, and where it is a script the programs that it names, with theirs; in the
 * order in which they are found.
 */
export function wayTo(program: string): string[] {
  const found = new Set<string>();
  const waiting = [program];
  for (let path = waiting.pop(); path !== undefined && found.size < 64; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const link = path;
    const text = attempt(() => readlinkSync(link));
    waiting.push(...(text === undefined ? programsNamedIn(path) : [resolve(dirname(path), text)]));
  }
  return [...found];
}

/**
 * What a program needs of the machine: all programs and libraries that the system has, so that a wrapper finds its
 * shell and a driver its parts, and the toolchains that the program and the places lead to; no data, no settings, no
 * home, and nothing that holds jobs.
 */
export function planRoot(program: string, { directories, temporary }: Places): RootPlan {
  const top = namesIn('/').filter((name) => programFolder.test(name));
  const system = [...top.map((name) => `/${name}`), ...systemTrees.flatMap(toolsOfTree)];
  const links = new Map(
    system.filter(isLink).map((path) => [path, relative(realPath(dirname(path)), realPath(path))] as const),
  );
  const named = [...directories, ...wayTo(program).map((path) => dirname(path))].filter(isFolder);
  const around = [...named, ...named.map(realPath)].flatMap((path) => toolsAround(path, temporary));
  const wanted = [...system, ...system.filter(isLink).map(realPath), ...single, ...around];
  const shown = wanted.filter((path) => isThere(path) && !links.has(path) && path !== '/' && !holds(path, temporary));
  return { shown: leastOf(shown, [...links.keys()]), links };
}

/** The same without what lies below another, or is reached by a link. */
export function leastOf(paths: readonly string[], links: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].sort()) {
    if (![...kept, ...links].some((other) => holds(other, path))) kept.push(path);
  }
  return kept;
}
