import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingMarkers } from '../../../../src/compiler/command/line-markers.ts';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';
import type { RemoteVerdict } from '../../../../src/compiler/verdict.ts';
import { preprocessedExtension } from '../../../../src/compiler/names/source-name.ts';
import { preprocessCommand, remoteCommand } from '../../../../src/compiler/command/split-command.ts';
import { isInstalled } from '../../../support/needs.ts';

const source = `#include "bar.h"
#define SQUARE(x) ((x) * (x))
static int hidden(int a) { return SQUARE(a) + VALUE; }
const char *name = __FILE__ TEXT;
int visible(int a) {
  return hidden(a);
}
`;
const cplusplus = `#include "bar.h"
namespace { struct Quiet { int x; Quiet() : x(VALUE) {} } quiet; }
int visible(int a) { return a + quiet.x; }
`;
const header = `#ifndef BAR
#define BAR
#ifndef VALUE
#define VALUE 3
#endif
#ifndef TEXT
#define TEXT "text"
#endif
#endif
`;
/** Text without line markers, and text that another compiler run has left. */
const bare = 'int bare(int a) {\n  return a;\n}\n';
const marked = `# 1 "elsewhere.c"\n${bare}`;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'distcc-split-'));
  for (const name of ['seed/sub', 'seed/sub.d']) mkdirSync(join(folder, name), { recursive: true });
  const files = {
    'foo.c': source,
    'foo.bar.c': source,
    'a$b.c': source,
    'my file.c': source,
    'sub/foo.c': source,
    'foo.cc': cplusplus,
    'foo.C': cplusplus,
    'bar.h': header,
    'sub/bar.h': header,
    'bare.i': bare,
    'marked.i': marked,
    'preprocessed.c': marked,
    'power.i': bare,
    'text.c': '\t.text\n\t.globl start\nstart:\n\t.long 7\n\t.byte 1, 2\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'seed', name), text);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function run(argv: readonly string[], cwd: string): Result {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TMPDIR: tmpdir() };
  const { status, stdout, stderr } = spawnSync(argv[0] ?? '', argv.slice(1), { cwd, env, input: '' });
  return { status, stdout, stderr: String(stderr) };
}

/** A fresh copy of the sources; every run has the same path, since objects and line markers hold it. */
function tree(): string {
  const path = join(folder, 'tree');
  rmSync(path, { recursive: true, force: true });
  cpSync(join(folder, 'seed'), path, { recursive: true });
  return path;
}

/** The files of a tree that are not sources, with their bytes. */
function products(path: string): Map<string, Buffer> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const known = statSync(join(folder, 'seed', name), { throwIfNoEntry: false });
    return known === undefined && statSync(join(path, name)).isFile();
  });
  return new Map(names.sort((a, b) => (a < b ? -1 : 1)).map((name) => [name, readFileSync(join(path, name))]));
}

/** What a client sends: the preprocessor's text, or the source with the markers it lacks. */
function textOf(verdict: RemoteVerdict, path: string): Buffer {
  if (verdict.preprocessed) {
    const text = readFileSync(resolve(path, verdict.source));
    return Buffer.concat([Buffer.from(missingMarkers(verdict, text.toString(), path)), text]);
  }
  const { status, stdout, stderr } = run(preprocessCommand(verdict), path);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** What a server does: the client's names replaced by its own, in a folder of its own. */
function serve(argv: readonly string[], text: Buffer): Buffer {
  const verdict = scanArguments(argv, 'server');
  if (verdict.run === 'locally') throw new Error(verdict.because);
  const path = join(folder, 'server');
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  const input = `distccd_12345678${preprocessedExtension(verdict.source) ?? ''}`;
  writeFileSync(join(path, input), text);
  const words = [...verdict.words];
  words[verdict.sourceAt] = join(path, input);
  words[verdict.outputAt] = `${verdict.joined ? '-o' : ''}${join(path, 'out.o')}`;
  const { stderr } = run(words, path);
  expect(stderr).toBe('');
  expect(readdirSync(path).sort((a, b) => (a < b ? -1 : 1))).toEqual([input, 'out.o']);
  return readFileSync(join(path, 'out.o'));
}

/** Runs a command whole and split, and compares every file that each leaves. */
function compare(argv: readonly string[]): void {
  const path = tree();
  expect(run(argv, path)).toMatchObject({ status: 0, stderr: '' });
  const whole = products(path);
  tree();
  const verdict = scanArguments(argv, 'client');
  if (verdict.run === 'locally') throw new Error(verdict.because);
  const text = textOf(verdict, path);
  const object = serve(remoteCommand(verdict, path), text);
  const split = products(path).set(relative(path, resolve(path, verdict.output)), object);
  expect([...split.keys()].sort((a, b) => (a < b ? -1 : 1))).toEqual([...whole.keys()]);
  for (const [name, bytes] of whole) {
    // Dependency files as text: a difference is then readable.
    if (name.endsWith('.d')) expect(String(split.get(name))).toBe(String(bytes));
    else expect(split.get(name)?.equals(bytes), name).toBe(true);
  }
}

const words = (line: string): string[] => [...line.matchAll(/'([^']*)'|\S+/g)].map((match) => match[1] ?? match[0]);

/**
 * Of all compilers; the columns that debug information records by default come from the text, so they are left out
 * here.
 */
const common: readonly string[] = [
  '-c foo.c',
  '-O2 -c sub/foo.c -o sub/x.o',
  '-O2 -g -gdwarf-4 -gno-column-info -c foo.c',
  '-O2 -g -gdwarf-4 -gno-column-info -fdebug-prefix-map=/tmp=/elsewhere -c sub/foo.c',
  '-O2 -g -gdwarf-4 -gno-column-info -x c -c foo.c',
  '-O2 -g -gdwarf-4 -gno-column-info -ffile-prefix-map=sub=other -c sub/foo.c',
  '-fmacro-prefix-map=foo=zoo -c foo.c',
  '-S foo.c -MD',
  '-S foo.c -o sub/x -MD',
  '-x c++ -c foo.c',
  '-x cpp-output -c preprocessed.c',
  '-x c -c marked.i',
  '-c bare.i',
  '-c marked.i',
  '-dM -c foo.c',
  '-dD -c foo.c',
  '-Isub -iquote sub -isystem sub -c foo.c',
  '-include bar.h -c foo.c',
  '-DVALUE=9 -c foo.c -MD -MP',
  '-c foo.bar.c -MD',
  "-c 'a$b.c' -MD",
  "-c 'my file.c' -MMD",
  '-c sub/foo.c -MD',
  '-c sub/foo.c -MD -o x.y.z',
  '-c foo.c -MD -o x',
  '-c foo.c -MD -o sub.d/x',
  '-c foo.c -MD -o x.',
  '-c foo.c -MD -o x..',
  '-c foo.c -MD -o .x',
  '-c foo.c -MD -o sub/.x',
  '-c foo.c -MD -o sub/x.o.tmp',
  '-c foo.c -MD -o ./x.o',
  '-c foo.c -MD -o sub/../x.o',
  "-c foo.c -MD '-oa$b.o'",
  '-c foo.c -MD -MT t -MT u -o sub/x.o',
  '-c foo.c -MD -MQ t$x -o sub/x.o',
  '-c foo.c -MD -MFf.d -MF g.d -o sub/x.o',
  '-c foo.c -Wp,-MD,w.d -o sub/x.o',
  '-c foo.c -Wp,-MMD,w.d -MT t -o sub/x.o',
  '-c foo.c -Wp,-MD,w.d -MMD -o sub/x.o',
];

const gccOnly: readonly string[] = [
  '-O2 -g -gno-column-info -c foo.c',
  '-O2 -g -gno-column-info -fno-working-directory -c foo.c',
  '-O2 -g -gno-column-info -c bare.i',
  '-O2 -g -gno-column-info -c marked.i',
  '-P -c foo.c',
  '-CC -c foo.c',
  '-frecord-gcc-switches -DVALUE=4 -c foo.c',
  '-g -gno-column-info -O2 -finput-charset=UTF-8 -c foo.c',
  '-c foo.c -Xpreprocessor -MD -Xpreprocessor w.d -o sub/x.o',
  '-c foo.c -Wp,-MF,f.d -MD -o sub/x.o',
  '-c foo.c -Wp,-MT,t -MD -o sub/x.o',
  '-fstack-protector -Wa,--noexecstack -c foo.c',
];

const clangOnly: readonly string[] = [
  '-Werror -iquote sub -isysroot / -fmacro-prefix-map=a=b -F/x -c foo.c',
  '-c foo.c -Wp,-MMD,w.d,-MT,t -o sub/x.o',
  '-g -gdwarf-4 -gno-column-info -fdebug-compilation-dir=. -c foo.c',
  '-emit-llvm -c foo.c -o foo.bc',
];

/** With -Werror, so that a warning of the text's line markers is a failure. */
const pedanticClang: readonly string[] = [
  '-Werror -pedantic -c foo.c',
  '-Werror --pedantic -c foo.c',
  '-pedantic-errors -c foo.c',
  '-Werror -Wpedantic -c foo.c',
  '-Werror=pedantic -c foo.c',
  '-Werror -Wgnu -c foo.c',
  '-Werror -Weverything -Wno-missing-prototypes -Wno-missing-variable-declarations -c foo.c',
];

/** What a server of distcc 3.x mistakes for a language, a profile, an output or a listing. */
const inOtherWords: readonly string[] = [
  '-x none -c foo.c',
  '-x c++ -x none -O2 -g -gdwarf-4 -gno-column-info -c foo.c',
  '-c foo.c -x none',
  '-x assembler -c text.c',
  '-x assembler -Wa,--noexecstack -c text.c -o x.o',
];
const gccInOtherWords: readonly string[] = [
  ...inOtherWords,
  '-O2 -g -gno-column-info -fprofile-correction -c foo.c',
  '-finput-charset=ascii -c foo.c',
];
const clangInOtherWords: readonly string[] = [
  ...inOtherWords,
  '-O2 -g -gdwarf-4 -gno-column-info -mllvm -openmp-opt-disable -mllvm -x86-cmov-converter=false -c foo.c',
  '-O2 -Xclang -mllvm -Xclang -x86-cmov-converter=false -c foo.c',
  '-Wno-ignored-optimization-argument -fprofile-correction -O2 -c foo.c',
];
const powerInOtherWords: readonly string[] = [
  '-Wa,-a64 -O2 -c power.i',
  '-Xassembler -a64 -Wa,--noexecstack,-a64 -c power.i',
];

const inCplusplus: readonly string[] = ['-c foo.cc -MD', '-c foo.C -o x.o -MD', '-O2 -c foo.cc', '-x c++ -c foo.cc'];

const tables: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['gcc', [...common, ...gccOnly, ...gccInOtherWords]],
  ['powerpc64le-linux-gnu-gcc', powerInOtherWords],
  ['g++', inCplusplus],
  ['clang', [...common, ...clangOnly, ...pedanticClang, ...clangInOtherWords]],
  ['clang-16', [...pedanticClang, '-Werror -Wgnu-line-marker -c foo.c']],
  ['clang-19', [...pedanticClang, '-Werror -Wgnu-line-marker -c foo.c']],
  ['clang++', inCplusplus],
];

/** A driver names a part it has with its path. Where there is no g++, gcc has no part for C++. */
function speaks(compiler: string, line: string): boolean {
  if (!line.includes('-x c++') || compiler.startsWith('clang')) return true;
  return String(spawnSync(compiler, ['-print-prog-name=cc1plus']).stdout).startsWith('/');
}

describe.each(tables)('preprocessCommand() and remoteCommand() leave what %s leaves', (compiler, lines) => {
  const there = isInstalled(compiler);
  const spoken = there ? lines.filter((line) => speaks(compiler, line)) : lines;
  it.runIf(there).each(spoken)('%s', (line) => compare([compiler, ...words(line)]));
});
