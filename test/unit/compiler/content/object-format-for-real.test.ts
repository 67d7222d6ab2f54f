import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { expectOutput, judgeOutput } from '../../../../src/compiler/content/object-format.ts';

const folder = mkdtempSync(join(tmpdir(), 'object-format-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'empty.c'), '');
writeFileSync(join(folder, 'a.c'), 'int x; const char *s = "text"; int f(int a) { return a + x; }\n');

const own = { architecture: process.arch, platform: process.platform };
const found = (name: string): boolean => existsSync(`/usr/bin/${name}`);

/** The compilers for other machines that are installed here besides those that every run has. */
const crossTriples = [
  'aarch64-linux-gnu',
  'alpha-linux-gnu',
  'arm-linux-gnueabihf',
  'avr',
  'hppa-linux-gnu',
  'i686-linux-gnu',
  'i686-w64-mingw32',
  'm68k-linux-gnu',
  'mips-linux-gnu',
  'mips64-linux-gnuabi64',
  'mipsel-linux-gnu',
  'powerpc-linux-gnu',
  'powerpc64le-linux-gnu',
  'riscv64-linux-gnu',
  's390x-linux-gnu',
  'sh4-linux-gnu',
  'sparc64-linux-gnu',
  'x86_64-linux-gnu',
  'x86_64-linux-gnux32',
  'x86_64-w64-mingw32',
];

/** What clang compiles for without more than itself. */
const clangTargets = [
  'aarch64-linux-gnu',
  'aarch64-linux-gnu_ilp32',
  'aarch64-none-elf',
  'aarch64_be-linux-gnu',
  'aarch64-linux-android21',
  'aarch64-pc-windows-msvc',
  'amdgcn-amd-amdhsa',
  'arm-linux-gnueabihf',
  'arm-none-eabi',
  'arm64-apple-darwin',
  'arm64_32-apple-watchos',
  'armeb-linux-gnueabi',
  'armebv7-linux-gnueabi',
  'armv7-apple-ios',
  'armv7-windows-msvc',
  'armv7a-linux-gnueabihf',
  'armv7k-apple-watchos',
  'avr',
  'bpf',
  'hexagon-linux-musl',
  'i386-pc-win32-macho',
  'i686-linux-gnu',
  'i686-pc-windows-gnu',
  'loongarch64-linux-gnu',
  'm68k-linux-gnu',
  'mips-linux-gnu',
  'mips64-linux-gnuabi64',
  'mips64el-linux-gnuabin32',
  'mipsel-linux-gnu',
  'mipsisa32r6el-linux-gnu',
  'msp430',
  'nvptx64-nvidia-cuda',
  'powerpc-ibm-aix',
  'powerpc-linux-gnu',
  'powerpc64-linux-gnu',
  'powerpc64le-linux-gnu',
  'ppc64le-linux-gnu',
  'riscv32-unknown-elf',
  'riscv64-linux-gnu',
  's390x-ibm-zos',
  's390x-linux-gnu',
  'sparc-linux-gnu',
  'sparc64-linux-gnu',
  'sparcv9-sun-solaris',
  'thumbv7m-none-eabi',
  'wasm32-unknown-wasi',
  'wasm32',
  'x86_64-apple-darwin',
  'x86_64-apple-macosx10.15',
  'x86_64-linux-gnu',
  'x86_64-linux-gnux32',
  'x86_64-pc-cygwin',
  'x86_64-pc-win32-elf',
  'x86_64-pc-windows-msvc',
  'x86_64-unknown-freebsd14',
  'x86_64-unknown-uefi',
  'x86_64',
];

/** With this variable every word is tried with every compiler, which takes minutes. */
const thorough = process.env['OBJECT_FORMATS'] === 'all';
const everyWord = (...groups: readonly (readonly (readonly string[])[])[]): readonly (readonly string[])[] =>
  thorough ? groups.flat() : [];

const crosses = crossTriples.map((triple) => `${triple}-gcc`).filter(found);
const clangs = ['clang', 'clang-14', 'clang-16', 'clang-19'].filter(found);
const natives = ['cc', 'c++', 'gcc', 'g++', 'gcc-11', 'gcc-12', '/usr/bin/gcc', ...clangs].filter((name) =>
  found(name.replace('/usr/bin/', '')),
);

const width = [['-m32'], ['-m64'], ['-mx32'], ['-m16'], ['-m32', '-m64'], ['-Wa,--32', '-m32']];
const order = [
  ['-mbig-endian'],
  ['-mlittle-endian'],
  ['-EB'],
  ['-EL'],
  ['-mabi=ilp32'],
  ['-march=rv32i', '-mabi=ilp32'],
];
const bitcode = [['-emit-llvm'], ['-flto=thin'], ['-Xclang', '-emit-llvm-bc']];
const optimized = [['-O2', '-g', '-ffunction-sections'], ['-flto'], ['-flto', '-ffat-lto-objects']];

/** What is wrong with the outputs of the compiles that succeed; those that fail do not matter here. */
function misjudged(command: readonly string[], variants: readonly (readonly string[])[]): string[] {
  const compiles = variants.flatMap((words) =>
    ['-c', '-S'].flatMap((step) => ['a.c', 'empty.c'].map((source) => [...command, ...words, step, source])),
  );
  return compiles.flatMap((words) => {
    const [program = '', ...rest] = words;
    const { status } = spawnSync(program, [...rest, '-o', 'out'], { cwd: folder, stdio: 'ignore' });
    if (status !== 0) return [];
    made += 1;
    const output = readFileSync(join(folder, 'out'));
    const misfit = judgeOutput(output, expectOutput(words, words.includes('-S'), own));
    return misfit === undefined ? [] : [`${words.join(' ')}: ${misfit.sentence}`];
  });
}

let made = 0;
beforeEach(() => void (made = 0));

describe('judgeOutput()', () => {
  it.each(natives)('believes %s', (name) => {
    const some = thorough ? [...optimized, ...width] : [['-flto'], ['-m32']];
    const forClang = name.startsWith('clang') ? bitcode : [];
    expect(misjudged([name], [[], ...some, ...forClang])).toEqual([]);
    expect(made).toBeGreaterThanOrEqual(8);
  });

  it.each(crosses)('believes %s', (name) => {
    expect(misjudged([name], [[], ['-flto'], ...everyWord(width, order)])).toEqual([]);
    expect(made).toBeGreaterThanOrEqual(4);
  });

  it.each(clangTargets)('believes clang for %s', (target) => {
    const [clang = 'clang'] = clangs.slice(-1);
    expect(misjudged([clang, `--target=${target}`], [[], ...everyWord(optimized, bitcode, width, order)])).toEqual([]);
    expect(misjudged([clang, '-target', target], [[]])).toEqual([]);
  });
});
