import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';
import { isInstalled, needs } from '../../../support/needs.ts';

/**
 * Options that one compiler or another answers with a file beside the object; a compiler that does not know one says
 * so.
 */
const fileWriters: readonly string[] = [
  ['-da', '-dra', '-dynamic', '-dAa', '-dall', '-d=dump', '--dump=a', '-dletters=a'],
  ['-fdump-tree-all', '-fdump-rtl-expand', '-fdump-ipa-inline', '-fdump-final-insns', '-fdump-ada-spec'],
  ['-fdump-go-spec=x', '-fdump-statistics', '-fdump-record-layouts', '--dump-tree-all', '-fdump-earlydebug'],
  ['-fstack-usage', '--stack-usage', '-fcallgraph-info', '-fcallgraph-info=su,da', '--callgraph-info'],
  ['-fsave-optimization-record', '--save-optimization-record', '-fsave-optimization-record=yaml'],
  ['-foptimization-record-file=x', '-foptimization-record-passes=.*', '-fopt-info-vec=x', '-fopt-info=x'],
  ['--coverage', '-coverage', '-ftest-coverage', '--test-coverage', '-fprofile-arcs -ftest-coverage'],
  ['-fprofile-note=x -ftest-coverage', '-fcondition-coverage -ftest-coverage', '-fpath-coverage --coverage'],
  ['-gsplit-dwarf', '-gsplit-dwarf=split', '-save-temps', '-save-temps=obj', '-save-temps=cwd', '--save-temps'],
  ['-fwpa', '--wpa', '-aux-info x', '-aux-info=x', '-time=x', '-frepo', '-fself-test=x', '-fcompare-debug'],
  ['-fdiagnostics-format=json-file', '-fdiagnostics-format=sarif-file', '--diagnostics-format=sarif-file'],
  ['-fdiagnostics-add-output=sarif:file=x', '-fdiagnostics-set-output=sarif:file=x', '-fdeps-format=p1689r5'],
  ['-Wa,-a=x', '-Wa,-al=x', '-Wa,--MD,x', '-Wa,-o,x', '-Xassembler -al=x', '-Xassembler --MD -Xassembler x'],
  ['--for-assembler=-al=x', '--for-assembler -a=x', '-dumpbase x -da', '-dumpdir y -fstack-usage'],
  ['-MJ x', '-MJx', '--serialize-diagnostics x', '-serialize-diagnostics x', '-serialize-diagnostics-file x'],
  ['-ftime-trace', '-ftime-trace=x', '-ftime-trace-granularity=1 -ftime-trace', '-save-stats', '-save-stats=obj'],
  ['-fproc-stat-report', '-fproc-stat-report=x', '-gen-cdb-fragment-path x', '-index-store-path x', '-emit-ast'],
  ['-fmodule-output -std=c++20', '-fmodule-header', '-fmodules', '-fmodules-ts', '--analyze', '-extract-api'],
  ['-emit-symbol-graph', '-emit-interface-stubs', '-emit-merged-ifs', '-Xclang -dependency-dot -Xclang x'],
  ['-Xclang -header-include-file -Xclang x -H', '-Xclang -stats-file=x', '-mllvm -info-output-file=x -stats'],
  ['-fcrash-diagnostics-dir=x', '-fprofile-dir=x', '-fprofile-generate=x', '-fprofile-instr-generate=x'],
].flat();

const source = `static int twice(int a) { return a * 2; }
int sum(const int *p, int n) { int s = 0; for (int i = 0; i < n; i++) s += twice(p[i]); return s; }
`;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'distcc-by-products-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files that a command leaves, run where nothing but its source is. */
function filesOf(argv: readonly string[]): string[] {
  const cwd = join(folder, 'empty');
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'a.c'), source);
  spawnSync(argv[0] ?? '', argv.slice(1), { cwd, env: { PATH: process.env['PATH'], HOME: cwd }, input: '' });
  return readdirSync(cwd).filter((name) => !['a.c', 'a.o', 'a.d'].includes(name));
}

const commandOf = (compiler: string, options: string): string[] =>
  `${compiler} -O2 ${options} -MD -c a.c -o a.o`.split(' ');

describe.each(['gcc', 'g++', 'gcc-11', 'clang', 'clang++', 'clang-16', 'clang-19'])('%s', (compiler) => {
  it.runIf(isInstalled(compiler)).each(fileWriters)(
    '%s, when scanArguments() distributes it, leaves the object alone',
    (options) => {
      const argv = commandOf(compiler, options);
      if (scanArguments(argv, 'client').run === 'remotely') expect(filesOf(argv)).toEqual([]);
    },
  );
});

describe('the files that are looked for', () => {
  it.each([
    ['gcc', '-da'],
    ['gcc', '--stack-usage'],
    ['gcc', '-Wa,--MD,x'],
    ...(needs('clang', 'clang') ? ['-coverage', '-foptimization-record-passes=.*'] : []).map(
      (options) => ['clang', options] as const,
    ),
  ] as const)('are seen when %s writes them for %s', (compiler, options) => {
    expect(filesOf(commandOf(compiler, options))).not.toEqual([]);
  });
});
