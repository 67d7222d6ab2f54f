import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git } from '../../../bench/git-source.ts';
import { levelDb, libxml2 } from '../../../demo/sources.ts';
import type { Sources } from '../../../demo/sources.ts';
import { startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs, needsFile } from '../../support/needs.ts';
import { distccProgram, Sandbox } from './sandbox.ts';

const cache = resolve(import.meta.dirname, '../../../.cache');

/** Sources of one file each, which include much. */
function sourcesOf(title: string, texts: Readonly<Record<string, string>>, words: readonly string[]): Sources {
  const directory = mkdtempSync(join(tmpdir(), 'real-code-'));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(directory, name), text);
  return { title, directory, files: Object.keys(texts), words };
}

const include = (...headers: readonly string[]): string => headers.map((name) => `#include <${name}>\n`).join('');

const installedLlvm = (): string | undefined =>
  readdirSync('/usr/lib')
    .filter((name) => /^llvm-\d+$/.test(name))
    .map((name) => `/usr/lib/${name}/include`)
    .find((path) => existsSync(join(path, 'llvm/ADT/StringMap.h')));

const standard = (): Sources =>
  sourcesOf(
    'the standard library',
    {
      'stl.cc': `${include('algorithm', 'functional', 'map', 'memory', 'regex', 'string', 'thread', 'vector')}std::map<std::string, std::vector<int>> all;\n`,
    },
    ['-std=c++17'],
  );

const boost = (): Sources =>
  sourcesOf(
    'Boost',
    {
      // Headers that are named by macros.
      'vector.cc': `${include('boost/mpl/vector.hpp', 'boost/mpl/size.hpp')}int size = boost::mpl::size<boost::mpl::vector<int, char>>::value;\n`,
      'optional.cc': `${include('boost/optional.hpp', 'boost/variant.hpp')}boost::variant<int, char> one; boost::optional<int> other;\n`,
    },
    ['-std=c++17'],
  );

const llvm = (path: string): Sources =>
  sourcesOf(
    'LLVM',
    { 'map.cc': `${include('llvm/ADT/StringMap.h', 'llvm/Support/CommandLine.h')}llvm::StringMap<int> all;\n` },
    ['-std=c++17', `-I${path}`],
  );

/** A few, from everywhere in the list; those that use what is not configured here are left out by the caller. */
function some(files: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, at) => files[Math.floor(((at + 0.5) * files.length) / count)] ?? '');
}

const corpora: readonly {
  readonly name: string;
  readonly of: () => Sources;
  readonly count: number;
  readonly plus: boolean;
}[] = [
  { name: 'libxml2', of: () => libxml2(cache), count: 4, plus: false },
  { name: 'git', of: () => git(cache), count: 4, plus: false },
  { name: 'LevelDB', of: () => levelDb(cache), count: 3, plus: true },
  { name: 'the standard library', of: standard, count: 1, plus: true },
  { name: 'Boost', of: boost, count: 2, plus: true },
  { name: 'LLVM', of: () => llvm(installedLlvm() ?? ''), count: 1, plus: true },
];

/** Whether git's source is here or can be fetched. */
function hasGit(): boolean {
  if (!needsFile('/usr/include/zlib.h', 'zlib1g-dev') || !needs('apt-get', 'apt')) return false;
  try {
    return git(cache).files.length > 0;
  } catch (error) {
    process.stderr.write(`skipped: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

const isThere: Readonly<Record<string, () => boolean>> = {
  git: hasGit,
  Boost: () => needsFile('/usr/include/boost/version.hpp', 'libboost-dev'),
  LLVM: () =>
    installedLlvm() !== undefined || needsFile('/usr/lib/llvm-14/include/llvm/ADT/StringMap.h', 'llvm-14-dev'),
};

describe.skipIf(!needs('gcc', 'gcc') || !needs('clang', 'clang'))(
  'real code that hosts compile from its inputs',
  () => {
    let daemon: TestDaemon;
    let box: Sandbox;

    beforeAll(async () => {
      const triple = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
      const names = ['gcc', 'g++', 'clang', 'clang++'].flatMap((name) => [name, `${triple}-${name}`]);
      daemon = await startDaemon({ compilers: names });
      box = new Sandbox({ agent: true });
      box.write('first.c', 'int first;\n');
      // A host offers to take inputs after its first answer.
      await box.run(['gcc', '-c', 'first.c'], { DISTCC_HOSTS: `127.0.0.1:${daemon.port}` });
    });
    afterAll(async () => {
      box.remove();
      await daemon.end();
    });

    /** What a command writes and says, in the directory of the sources. */
    function outcome(program: readonly string[], directory: string, more: NodeJS.ProcessEnv) {
      const out = join(box.top, 'out');
      mkdirSync(out);
      try {
        const words = [...program.slice(1), '-MD', '-MF', join(out, 'a.d'), '-o', join(out, 'a.o')];
        const environment = { ...box.environment(more), PWD: directory };
        const { status, stderr } = spawnSync(program[0] ?? '', words, { cwd: directory, env: environment });
        const [object, dependencies] = ['a.o', 'a.d'].map((name) => readFileSync(join(out, name), 'latin1'));
        return { status, stderr: stderr.toString(), object, dependencies };
      } finally {
        rmSync(out, { recursive: true });
      }
    }

    const cases = corpora
      .filter(({ name }) => isThere[name]?.() ?? true)
      .flatMap((corpus) => ['gcc', 'clang'].map((family) => ({ ...corpus, family })));

    it.each(cases)('$name with $family', ({ of, count, plus, family }) => {
      const { files, words, directory } = of();
      const compiler = plus ? { gcc: 'g++', clang: 'clang++' }[family] : family;
      for (const file of some(files, count)) {
        const command = [
          compiler ?? '',
          '-g',
          '-O0',
          ...words.filter((word) => word !== '-w'),
          '-Wall',
          '-Wextra',
          '-c',
          file,
        ];
        const log = join(box.top, 'log');
        rmSync(log, { force: true });
        const settings = { DISTCC_HOSTS: `127.0.0.1:${daemon.port}`, DISTCC_VERBOSE: '1', DISTCC_LOG: log };
        const here = outcome(command, directory, {});
        const there = outcome([distccProgram, ...command], directory, settings);
        const how = /is preprocessed here: .*|compiled from its inputs|compiled from \d+ inputs/.exec(
          readFileSync(log, 'utf8'),
        )?.[0];
        expect([file, how]).toEqual([file, expect.stringMatching(/^compiled from/)]);
        expect({ file, ...there, object: there.object === here.object }).toEqual({ file, ...here, object: true });
      }
    });
  },
);
