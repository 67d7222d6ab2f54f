import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { attempt } from '../../basics/attempt.ts';
import { leastOf, longestWay, namesItsPrograms, wayTo } from './toolchain-paths.ts';
import type { Places, RootPlan } from './toolchain-paths.ts';

/**
 * What one compiler needs of this machine in a root that is a client's tree. No header is in it but the compiler's own:
 * all others are the client's. `shown` holds directories, and single files by the names that programs look for, which
 * may be links.
 */
export interface Toolchain extends RootPlan {
  /** The name of the compiler's own program, without links: `cc` may be either compiler. */
  readonly program: string;
  /** The programs and libraries that a compile may run, without links: another content is another compiler. */
  readonly parts: readonly string[];
  /** Whether these are all that it can run: a script may compute names of programs. */
  readonly isWhole: boolean;
  /** Whether this machine's file is seen at a path, and not the client's. */
  isShown(path: string): boolean;
}

/** Why a compiler cannot be had in the root of a client's tree: the end of a sentence. */
export class NoToolchain extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NoToolchain';
  }
}

/** What programs read beside themselves, and no compile depends on but for the words of its messages. */
const data = [
  '/dev/null',
  '/dev/urandom',
  '/etc/alternatives',
  '/etc/env.d/gcc',
  '/etc/ld.so.cache',
  '/usr/lib/locale',
  '/usr/share/gcc-data',
  '/usr/share/locale',
  '/usr/share/locale-langpack',
];

/** gcc's programs that a compile may need, by the names that its driver knows. */
const partsOfGcc = ['cc1', 'cc1plus', 'cc1obj', 'cc1objplus'];

const isThere = (path: string): boolean => attempt(() => statSync(path)) !== undefined;
/** Not a link, which has the libraries of what it leads to, nor a script, which has its interpreter's. */
const isProgram = (path: string): boolean => attempt(() => lstatSync(path).isFile()) === true;
const isFolder = (path: string): boolean => attempt(() => statSync(path).isDirectory()) === true;
const linkText = (path: string): string | undefined =>
  attempt(() => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined));

/** More links than this on the way to one path go round in circles. */
const mostLinks = 40;

/** Gathers what is to be shown, each by its way without links. */
class Gathering {
  readonly shown = new Set<string>();
  readonly links = new Map<string, string>();

  /** The place of a path without links in its directories, which are noted; the last name too with `whole`. */
  #follow(path: string, whole: boolean): string {
    const waiting = path.split('/').reverse();
    let real = '';
    let left = mostLinks;
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        real = real.slice(0, Math.max(0, real.lastIndexOf('/')));
        continue;
      }
      const here = `${real}/${name}`;
      const text = whole || waiting.length > 0 ? linkText(here) : undefined;
      if (text === undefined) {
        real = here;
        continue;
      }
      left -= 1;
      if (left < 0) throw new NoToolchain(`the links at "${here}" go round in circles`);
      this.links.set(here, text);
      if (text.startsWith('/')) real = '';
      waiting.push(...text.split('/').reverse());
    }
    return real === '' ? '/' : real;
  }

  directory(path: string): void {
    if (isFolder(path)) this.shown.add(this.#follow(path, true));
  }

  /** A single file, at the name by which it is looked for. */
  file(path: string): void {
    if (isThere(path)) this.shown.add(this.#follow(path, false));
  }

  /** A program, with the others of its directory where that is for programs. */
  program(path: string): void {
    const folder = dirname(path);
    if (/^s?bin$/.test(basename(folder))) this.directory(folder);
    else this.file(path);
  }
}

/**
 * Runs a program where jobs run, for asking it something; what it says on its standard output, nothing when it fails.
 * There the loader does not know where a program is, and passes over the libraries beside it.
 */
export type Ask = (program: string, words: readonly string[]) => Promise<string>;

/** The loader and the libraries of a program, as the loader finds them; of one that needs none, none. */
async function librariesOf(program: string, ask: Ask): Promise<string[]> {
  // By another program, as the variable is not for the one that makes the root.
  const said = await ask('/usr/bin/env', ['LD_TRACE_LOADED_OBJECTS=1', program, '--version']);
  return [...said.matchAll(/^\s+(?:\S+ => )?(\/.*) \(0x[\da-f]+\)$/gm)].map(([, path = '']) => normalize(path));
}

interface Answers {
  /** Programs that the compiler starts. */
  readonly programs: readonly string[];
  /** Directories with programs and headers of the compiler's own. */
  readonly directories: readonly string[];
}

/**
 * Asks a driver where its parts are, in the way of gcc, which clang understands. clang looks for the installation of a
 * gcc besides, by whose place it knows where the C++ headers are.
 */
async function askDriver(compiler: string, searchPath: readonly string[], ask: Ask): Promise<Answers> {
  const line = async (word: string): Promise<string> => (await ask(compiler, [word])).trimEnd();
  const [search, assembler, resources, start] = await Promise.all([
    line('-print-search-dirs'),
    line('-print-prog-name=as'),
    line('-print-resource-dir'),
    line('-print-file-name=crtbegin.o'),
  ]);
  const install = /^install: (\/.*)$/m.exec(search)?.[1];
  const found =
    install === undefined ? [] : await Promise.all(partsOfGcc.map((name) => line(`-print-prog-name=${name}`)));
  const inPath = (name: string): string[] =>
    searchPath
      .map((folder) => join(folder, name))
      .filter(isThere)
      .slice(0, 1);
  const absolute = (path: string): boolean => path.startsWith('/') && isThere(path);
  const named = [...found, assembler].flatMap((path) =>
    absolute(path) ? [normalize(path)] : /^[\w.+-]+$/.test(path) ? inPath(path) : [],
  );
  const owned = found.filter(absolute).map((path) => dirname(path));
  const installation = absolute(start) ? [dirname(start)] : [];
  return { programs: named, directories: [...owned, install ?? '', resources, ...installation].filter(absolute) };
}

/**
 * Finds out what a compiler needs, by asking it and the loader; the directory of the jobs' folders is never shown.
 * @throws NoToolchain
 */
export async function findToolchain(
  compiler: string,
  { directories: searchPath, temporary }: Places,
  ask: Ask,
): Promise<Toolchain> {
  const { programs, directories } = await askDriver(compiler, searchPath, ask);
  const ways = [compiler, ...programs].map((program) => wayTo(program, searchPath));
  const run = [...new Set(ways.flat())];
  const libraries = [
    ...new Set((await Promise.all(run.filter(isProgram).map((program) => librariesOf(program, ask)))).flat()),
  ];
  const found = new Gathering();
  for (const path of run) found.program(path);
  for (const path of directories) found.directory(path);
  for (const path of [...libraries, ...data.filter((name) => !isFolder(name))]) found.file(path);
  const encodings = libraries
    .filter((path) => basename(path).startsWith('libc.so'))
    .map((path) => join(path, '../gconv'));
  for (const path of [...encodings, ...data]) found.directory(path);
  const shown = leastOf([...found.shown], []);
  const holder = shown.find((path) => path === '/' || `${temporary}/`.startsWith(`${path}/`));
  if (holder !== undefined) throw new NoToolchain(`"${holder}", where the compiler is, holds the folders of the jobs`);
  const own = new Set(shown);
  return {
    program: basename(attempt(() => realpathSync(compiler)) ?? compiler),
    shown,
    // A link below what is shown is seen there.
    links: new Map([...found.links].filter(([path]) => !isBelowSome(path, own))),
    parts: [...run.filter(isProgram), ...libraries],
    isWhole: ways.every(({ length }) => length < longestWay) && run.every(namesItsPrograms),
    isShown: (path) => own.has(path) || isBelowSome(path, own),
  };
}

/** Whether one of the directories above a path is among some. */
function isBelowSome(path: string, some: ReadonlySet<string>): boolean {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    if (some.has(path.slice(0, end))) return true;
  return false;
}
