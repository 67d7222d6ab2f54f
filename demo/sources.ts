import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { systemReason } from '../src/system/error-text.ts';

/** Files to compile one by one, each as `COMPILER -O2 -c FILE WORDS` in the directory. */
export interface Sources {
  /** Their name, for people. */
  readonly title: string;
  readonly directory: string;
  /** Relative to the directory. */
  readonly files: readonly string[];
  readonly words: readonly string[];
}

interface Package {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the tarball, base64. */
  readonly digest: string;
}

/** Carries libxml2, in C. */
const libxmljs: Package = {
  name: 'libxmljs2',
  version: '0.37.0',
  digest: 'Xb78V8GZouoZFrq8cCwx7+G3WYOcJG0xb3YUbweSyE4z2EIrQCZMr3Ye/dHn4mESs6YxUMeQeUZm5IXg+iLHog==',
};

/** Carries LevelDB and Snappy, in C++. */
const leveldown: Package = {
  name: 'leveldown',
  version: '6.1.1',
  digest: '88c+E+Eizn4CkQOBHwqlCJaTNEjGpaEIikn1S+cINc5E9HEvJ77bqY4JY/HxT5u0caWqsc3P3DcFIKBI1vHt+A==',
};

/** Fetches a package's tarball once and unpacks it under the cache; nothing in it is run. @throws Failure */
function fetchPackage(cache: string, { name, version, digest }: Package): string {
  const unpacked = join(cache, `${name}-${version}`);
  if (existsSync(unpacked)) return unpacked;
  mkdirSync(cache, { recursive: true });
  const fresh = join(cache, `.${name}.${process.pid}`);
  try {
    mkdirSync(fresh);
    const words = ['pack', `${name}@${version}`, '--ignore-scripts', '--silent', '--pack-destination', fresh];
    execFileSync('npm', words, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 });
    const tarball = join(fresh, `${name}-${version}.tgz`);
    const found = createHash('sha512').update(readFileSync(tarball)).digest('base64');
    if (found !== digest) throw new Error(`its SHA-512 is ${found} and should be ${digest}`);
    // A precompiled header of somebody else's compiler: gcc would look at it and not use it.
    execFileSync('tar', ['-xzf', tarball, '-C', fresh, '--no-same-owner', '--exclude', '*.gch']);
    renameSync(join(fresh, 'package'), unpacked);
    return unpacked;
  } catch (error) {
    throw new Failure(
      exitStatus.general,
      `cannot fetch ${name}@${version} with npm pack: ${systemReason(error)}; name a directory of C files instead`,
    );
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** libxml2: every .c file that compiles with the configuration the package carries. @throws Failure */
export function libxml2(cache: string): Sources {
  const top = join(fetchPackage(cache, libxmljs), 'vendor/libxml');
  const defines = ['BUILDING_NODE_EXTENSION', 'LIBXML_XINCLUDE_ENABLED', 'LIBXML_SCHEMATRON_ENABLED'];
  return {
    title: `libxml2 of ${libxmljs.name}@${libxmljs.version}`,
    directory: top,
    // trio.c is for systems without a printf of their own, and is not configured here.
    files: sourceFiles(top).filter((name) => name.endsWith('.c') && name !== 'trio.c'),
    words: ['-w', '-I.', '-Iinclude', ...defines.map((name) => `-D${name}`)],
  };
}

/** LevelDB and Snappy: the files the package compiles on Linux. @throws Failure */
export function levelDb(cache: string): Sources {
  const top = join(fetchPackage(cache, leveldown), 'deps');
  const level = 'leveldb/leveldb-1.20';
  const defines = ['SNAPPY=1', 'LEVELDB_PLATFORM_POSIX=1', 'OS_LINUX=1', 'HAVE_CONFIG_H=1'];
  const includes = ['snappy/linux', 'snappy/snappy', level, `${level}/include`];
  const wanted = new RegExp(`^(?:${level}/(?:db|helpers/memenv|port|table|util)|snappy/snappy)/[^/]+\\.cc$`);
  const others =
    /_test\.cc$|_bench\.cc$|_main\.cc$|test(?:harness|util)\.cc$|-test\.cc$|snappy_unittest|leveldbutil|_win/;
  return {
    title: `LevelDB and Snappy of ${leveldown.name}@${leveldown.version}`,
    directory: top,
    files: sourceFiles(top).filter((name) => wanted.test(name) && !others.test(name)),
    words: ['-w', '-std=c++11', '-fPIC', ...includes.map((name) => `-I${name}`), ...defines.map((name) => `-D${name}`)],
  };
}

/** Any directory: every C and C++ file in it and below. @throws Failure when it holds none */
export function directoryOf(path: string, words: readonly string[]): Sources {
  const directory = resolve(path);
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new Failure(exitStatus.badArguments, `"${path}" is not a directory: name one with C or C++ files in it`);
  }
  const files = sourceFiles(directory);
  if (files.length === 0) {
    throw new Failure(exitStatus.badArguments, `"${path}" has no C or C++ files: name another directory`);
  }
  return { title: path, directory, files, words };
}

/** Preprocessed ones are for the benchmark. */
const cFiles = new Set(['.c', '.i']);
const cxxFiles = new Set(['.cc', '.cpp', '.cxx', '.c++', '.C', '.ii']);

/** The compiler for a file by its extension: `cc` or `c++`. */
export function compilerFor(file: string): 'cc' | 'c++' {
  return cFiles.has(extname(file)) ? 'cc' : 'c++';
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && (cFiles.has(extname(entry.name)) || cxxFiles.has(extname(entry.name))))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}
