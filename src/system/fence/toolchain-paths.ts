import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { attempt } from '../../basics/attempt.ts';

/** What a job's root shows of the machine. */
export interface RootPlan {
  /** Absolute paths that are shown with everything below them. None lies below another. */
  readonly shown: readonly string[];
  /** Links in the root itself, such as `/bin`: path and relative text. */
  readonly links: ReadonlyMap<string, string>;
}

/** Where compilers may be; and the directory of the jobs' folders, which is never shown. */
export interface Places {
  readonly directories: readonly string[];
  readonly temporary: string;
}

/**
 * Other files that compilers, and wrapper scripts, read besides programs and libraries: Debian's alternatives, the
 * cache of library paths, settings of ccache, clang and gcc, translations, perl's modules, two devices; and the stores
 * in which Nix and Guix keep all programs.
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
/** Common directories that are not toolchains. */
const ordinary = new Set(['etc', 'games', 'include', 'local', 'man', 'share', 'src', 'tmp']);
/** Directory trees of which only programs and libraries are shown. */
const systemTrees = ['/usr', '/usr/local'];
/** A home directory, or the directory of all homes. */
const home = /^\/(?:home|root|var\/home)(?:\/[^/]+)?$/;

const isBelow = (path: string, folder: string): boolean => /^(?!\.\.(?:\/|$))[^/]/.test(relative(folder, path));
const holds = (folder: string, path: string): boolean => folder === path || isBelow(path, folder);

const isThere = (path: string): boolean => attempt(() => lstatSync(path)) !== undefined;
const isLink = (path: string): boolean => attempt(() => lstatSync(path).isSymbolicLink()) === true;
const isFolder = (path: string): boolean => attempt(() => statSync(path).isDirectory()) === true;
const namesIn = (folder: string): string[] => attempt(() => readdirSync(folder)) ?? [];
const realPath = (path: string): string => attempt(() => realpathSync(path)) ?? path;

/** The programs and libraries of a tree such as `/usr`, and cross toolchains in it, which have a `bin` of their own. */
const toolsOfTree = (tree: string): string[] =>
  namesIn(tree)
    .filter((name) => programFolder.test(name) || (!ordinary.has(name) && isFolder(join(tree, name, 'bin'))))
    .map((name) => join(tree, name));

/**
 * Whether a directory is the tree of a single toolchain: not a general one, not one that everybody may write to, not a
 * home.
 */
function isTree(path: string): boolean {
  const about = attempt(() => statSync(path));
  if (path.split('/').length <= 2 || systemTrees.includes(path) || home.test(path)) return false;
  return about !== undefined && (about.mode & 0o002) === 0;
}

/** The toolchain around a directory of programs: the tree whose `bin` it is, or the parts that lie beside it. */
export function toolsAround(directory: string, temporary: string): string[] {
  const above = dirname(directory);
  if (!/^s?bin$/.test(directory.slice(above.length).replace('/', ''))) return [directory];
  if (isTree(above) && !holds(above, temporary)) return [above];
  const beside = namesIn(above).filter((name) => name.startsWith('lib') && programFolder.test(name));
  return [directory, ...beside.map((name) => join(above, name))];
}

const longestScript = 64 * 1024;
/** What a shell may run a script's words for: all other expansions can be the name of a program. */
const computed = /\$(?![@*#?]|\{1\+"\$@"\})|`|\beval\b|(?:^|[;&|])[ \t]*(?:\.|source)[ \t]/m;
const shell = /^#![ \t]*(?:\/usr\/bin\/env[ \t]+)?[\w/.-]*\b(?:ba|da|k|z)?sh\b/;

/** The start of a script; undefined for any other file. */
function scriptAt(path: string): string | undefined {
  const text = attempt(() => readStart(path)) ?? '';
  return text.startsWith('#!') ? text : undefined;
}

/**
 * The programs that a script names, its interpreter included: by absolute paths, or as the search path finds them; none
 * for a file that is not a script.
 */
function programsNamedIn(path: string, directories: readonly string[]): string[] {
  const named = new Set([...(scriptAt(path) ?? '').matchAll(/(?<![\w.+/-])[\w.+/-]+/g)].map(([name]) => name));
  const ways = [...named].flatMap((name) => {
    if (name.startsWith('/')) return [name];
    return name.includes('/') ? [] : directories.map((folder) => join(folder, name));
  });
  return ways.filter((way) => attempt(() => isProgram(way)) === true);
}

/** Whether a program is no script, or one of which all programs that it runs can be read in it. */
export function namesItsPrograms(path: string): boolean {
  const text = scriptAt(path);
  return text === undefined || (text.length < longestScript && shell.test(text) && !computed.test(text));
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

/** Links and programs on the way to one program, at most. */
export const longestWay = 64;

/**
 * A program with the links that lead to it, and where it is a script the programs that it names, with theirs; in the
 * order in which they are found.
 */
export function wayTo(program: string, directories: readonly string[]): string[] {
  const found = new Set<string>();
  const waiting = [program];
  for (let path = waiting.pop(); path !== undefined && found.size < longestWay; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const link = path;
    const text = attempt(() => readlinkSync(link));
    waiting.push(...(text === undefined ? programsNamedIn(path, directories) : [resolve(dirname(path), text)]));
  }
  return [...found];
}

/**
 * What a program needs of the machine: all programs and libraries of the system, so that a wrapper finds its shell and
 * a driver its parts; and the toolchains that the program and the search path lead to. No data, no settings, no homes,
 * and not the jobs' folders.
 */
export function planRoot(program: string, { directories, temporary }: Places): RootPlan {
  const top = namesIn('/').filter((name) => programFolder.test(name));
  const system = [...top.map((name) => `/${name}`), ...systemTrees.flatMap(toolsOfTree)];
  const links = new Map(
    system.filter(isLink).map((path) => [path, relative(realPath(dirname(path)), realPath(path))] as const),
  );
  const named = [...directories, ...wayTo(program, directories).map((path) => dirname(path))].filter(isFolder);
  const around = [...named, ...named.map(realPath)].flatMap((path) => toolsAround(path, temporary));
  const wanted = [...system, ...system.filter(isLink).map(realPath), ...single, ...around];
  const shown = wanted.filter((path) => isThere(path) && !links.has(path) && path !== '/' && !holds(path, temporary));
  return { shown: leastOf(shown, [...links.keys()]), links };
}

/** Removes paths that lie below another one, or are reached through a link. */
export function leastOf(paths: readonly string[], links: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].sort()) {
    if (![...kept, ...links].some((other) => holds(other, path))) kept.push(path);
  }
  return kept;
}
