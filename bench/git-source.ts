import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Sources } from '../demo/sources.ts';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { systemReason } from '../src/system/error-text.ts';

/** Libraries that git is built with where their headers are installed, as distributions build it. */
const libraries = new Map([
  ['OpenSSL', { switchedOffBy: 'NO_OPENSSL=1', header: 'openssl/ssl.h' }],
  ['curl', { switchedOffBy: 'NO_CURL=1', header: 'curl/curl.h' }],
  ['expat', { switchedOffBy: 'NO_EXPAT=1', header: 'expat.h' }],
]);

/** What does not change what is compiled. */
const withoutOthers = ['GETTEXT', 'PERL', 'PYTHON', 'TCLTK'].map((name) => `NO_${name}=1`);

/** Whether the compiler finds a header. */
function hasHeader(name: string): boolean {
  const input = `#include <${name}>\n`;
  return spawnSync('cc', ['-E', '-x', 'c', '-'], { input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}

/** The words for git's Makefile, and the libraries that it is built with. */
function configure(): { readonly words: readonly string[]; readonly present: readonly string[] } {
  const all = [...libraries].map(([name, about]) => ({ name, ...about, found: hasHeader(about.header) }));
  const off = all.filter(({ found }) => !found).map(({ switchedOffBy }) => switchedOffBy);
  return {
    words: [...withoutOthers, ...off],
    present: all.filter(({ found }) => found).map(({ name }) => name),
  };
}

/** Variables of an outer make must not reach this one. */
const environment = { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', LC_ALL: 'C' };

/** Writes the machine's own lists of package sources, changed to fetch source packages. */
function writeSourceLists(folder: string): void {
  const more = '/etc/apt/sources.list.d';
  const names = existsSync(more) ? readdirSync(more).map((name) => join(more, name)) : [];
  for (const path of ['/etc/apt/sources.list', ...names]) {
    if (!/\.(?:list|sources)$/.test(path) || !existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    const changed = path.endsWith('.list')
      ? text.replaceAll(/^deb(?=\s)/gm, 'deb-src')
      : text.replaceAll(/^Types:.*$/gim, 'Types: deb-src');
    writeFileSync(join(folder, basename(path)), changed);
  }
}

function aptGet(words: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync('apt-get', words, {
    cwd,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 300_000,
  });
  if (error !== undefined) throw new Error(`apt-get cannot be run: ${systemReason(error)}`);
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1));
}

/** Has apt-get fetch a source package into a folder, and change nothing else on the machine. */
function download(name: string, folder: string): void {
  const [lists, state, cache] = ['lists', 'state', 'cache'].map((part) => join(folder, part));
  for (const part of [lists, state, cache]) mkdirSync(part ?? '');
  writeSourceLists(lists ?? '');
  const places = ['Etc::sourcelist=/dev/null', `Etc::sourceparts=${lists}`, `State::lists=${state}`, `Cache=${cache}`];
  const options = ['-qq', ...places.flatMap((place) => ['-o', `Dir::${place}`])];
  aptGet([...options, 'update'], folder);
  aptGet([...options, 'source', '--download-only', name], folder);
}

const unpackedIn = (folder: string): string | undefined => readdirSync(folder).find((name) => /^git-\d/.test(name));

/** Fetches git's source package once, unpacks it under the cache and makes the headers that a build makes first. */
function fetchGit(cache: string): string {
  mkdirSync(cache, { recursive: true });
  const found = unpackedIn(cache);
  if (found !== undefined) return join(cache, found);
  const fresh = join(cache, `.git.${process.pid}`);
  try {
    mkdirSync(fresh);
    download('git', fresh);
    const archive = readdirSync(fresh).find((name) => /^git_.*\.orig\.tar\.\w+$/.test(name));
    if (archive === undefined) throw new Error('the package holds no archive of sources');
    execFileSync('tar', ['-xf', archive, '--no-same-owner'], { cwd: fresh });
    const name = unpackedIn(fresh);
    if (name === undefined) throw new Error(`"${archive}" holds no directory of git's`);
    const headers = ['command-list.h', 'config-list.h', 'hook-list.h'];
    const words = ['-s', ...headers, ...configure().words];
    execFileSync('make', words, { cwd: join(fresh, name), env: environment, stdio: 'ignore' });
    renameSync(join(fresh, name), join(cache, name));
    return join(cache, name);
  } catch (error) {
    throw new Failure(
      exitStatus.general,
      `cannot fetch git's source package: ${systemReason(error)}; see that "apt-get update" works`,
    );
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The words of each command, as a shell splits them. */
function splitCommands(commands: readonly string[]): string[][] {
  const script = commands.map((command) => String.raw`printf '%s\0' ${command}; printf '\1'`).join('\n');
  const text = execFileSync('sh', { input: script, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const split = text.split('\u0001').slice(0, -1);
  return split.map((words) => words.split('\0').slice(0, -1));
}

/** Words that are repeated for each file, or in each of our builds, and whether the next word belongs to them. */
const leftOut: ReadonlyMap<string, boolean> = new Map([
  ['-c', false],
  ['-o', true],
  ['-MF', true],
  ['-MQ', true],
  ['-MMD', false],
  ['-MP', false],
  ['-O2', false],
]);

function sharedWords(words: readonly string[]): string[] {
  const takesNext = (at: number): boolean => leftOut.get(words[at] ?? '') === true;
  return words.slice(1, -1).filter((word, at) => !leftOut.has(word) && !takesNext(at));
}

/**
 * git: all files that its own Makefile compiles with the same words, which are nearly all. The first build fetches it.
 * @throws Failure
 */
export function git(cache: string): Sources {
  if (!hasHeader('zlib.h'))
    throw new Failure(exitStatus.general, 'git needs zlib.h, which is not here: apt-get install zlib1g-dev');
  const directory = fetchGit(cache);
  const { words: configuration, present } = configure();
  const plan = execFileSync('make', ['-n', 'V=1', ...configuration, 'git'], {
    cwd: directory,
    env: environment,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const commands = splitCommands(plan.split('\n').filter((line) => /^cc .* -c .*\.c$/.test(line)));
  const byWords = new Map<string, string[]>();
  for (const words of commands) {
    const key = sharedWords(words).join('\0');
    byWords.set(key, [...(byWords.get(key) ?? []), words.at(-1) ?? '']);
  }
  const [best = ['', []]] = [...byWords].sort(([, a], [, b]) => b.length - a.length);
  const [words, files] = best;
  if (files.length === 0) throw new Failure(exitStatus.general, `make in "${directory}" compiles nothing: remove it`);
  const title = `${basename(directory)} with ${['zlib', ...present].join(', ')}`;
  return { title, directory, files, words: words.split('\0') };
}
