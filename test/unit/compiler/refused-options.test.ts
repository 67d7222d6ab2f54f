import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusedOption } from '../../../src/compiler/refused-options.ts';

const refused = (line: string): string | undefined => refusedOption(line.split(' '))?.option;

/** The words of a compile that a server may get, and the word it has to refuse. */
const dangerous: ReadonlyArray<readonly [string, string]> = [
  // Code that is loaded, programs that are run.
  ['-fplugin=x.so', '-fplugin=x.so'],
  ['-fplugin x.so', '-fplugin'],
  ['-fplugin-arg-x-y=z', '-fplugin-arg-x-y=z'],
  ['-fpass-plugin=x.so', '-fpass-plugin=x.so'],
  ['-iplugindir=/x', '-iplugindir=/x'],
  ['-specs=x', '-specs=x'],
  ['-specs x', '-specs'],
  ['--specs=x', '--specs=x'],
  ['--specs x', '--specs'],
  ['-wrapper sh,-c', '-wrapper'],
  ['-wrapper=sh', '-wrapper=sh'],
  ['-B/x', '-B/x'],
  ['-B /x', '-B /x'],
  ['-Bx', '-Bx'],
  ['--prefix=/x', '--prefix=/x'],
  ['--prefix /x', '--prefix'],
  ['-Xclang -load -Xclang x.so', '-Xclang -load'],
  ['-Xclang -add-plugin -Xclang x', '-Xclang -add-plugin'],
  ['-Xclang -plugin -Xclang x', '-Xclang -plugin'],
  ['-Xclang=-load', '-Xclang=-load'],
  ['-Xclang -mllvm -Xclang -load=x.so', '-Xclang -load=x.so'],
  ['-Xclang -fplugin=x.so', '-fplugin=x.so'],
  ['-mllvm -load=x.so', '-mllvm -load=x.so'],
  ['-mllvm --load -mllvm x.so', '-mllvm --load'],
  ['-mllvm -load-pass-plugin=x.so', '-mllvm -load-pass-plugin=x.so'],
  ['-mllvm=-load=x.so', '-mllvm=-load=x.so'],
  ['-mllvm -print-changed-diff-path=/bin/sh', '-mllvm -print-changed-diff-path=/bin/sh'],
  ['-mllvm -view-cfg', '-mllvm -view-cfg'],
  ['--gcc-toolchain=/x', '--gcc-toolchain=/x'],
  ['-gcc-toolchain /x', '-gcc-toolchain'],
  ['-ccc-gcc-name sh', '-ccc-gcc-name'],
  ['--ptxas-path=/x', '--ptxas-path=/x'],
  ['--amdgpu-arch-tool=/x', '--amdgpu-arch-tool=/x'],
  ['-fuse-ld=/x/ld', '-fuse-ld=/x/ld'],
  ['--ld-path=/x/ld', '--ld-path=/x/ld'],
  ['-fmodule-mapper=|sh', '-fmodule-mapper=|sh'],
  ['-cc1', '-cc1'],
  ['-Xarch_host -fplugin=x.so', '-Xarch_host'],
  // Options from elsewhere.
  ['@/etc/passwd', '@/etc/passwd'],
  ['--config x', '--config'],
  ['--config=x', '--config=x'],
  ['--driver-mode=cl', '--driver-mode=cl'],
  // Files that are written.
  ['--output=/x', '--output=/x'],
  ['--output /x', '--output'],
  ['-aux-info /x', '-aux-info /x'],
  ['-aux-info=/x', '-aux-info=/x'],
  ['-dumpbase /x/y', '-dumpbase /x/y'],
  ['-dumpdir ../x', '-dumpdir ../x'],
  ['-auxbase-strip /x.o', '-auxbase-strip /x.o'],
  ['-MF /x', '-MF /x'],
  ['-MF/x', '-MF/x'],
  ['-MJ x', '-MJ x'],
  ['-fdump-tree-all=/x', '-fdump-tree-all=/x'],
  ['-fdump-final-insns=../x', '-fdump-final-insns=../x'],
  ['-fopt-info-vec=/x', '-fopt-info-vec=/x'],
  ['-foptimization-record-file=/x', '-foptimization-record-file=/x'],
  ['-fdiagnostics-add-output=sarif:file=/x', '-fdiagnostics-add-output=sarif:file=/x'],
  ['-fprofile-dir=/x', '-fprofile-dir=/x'],
  ['-fcrash-diagnostics-dir=/x', '-fcrash-diagnostics-dir=/x'],
  ['-fmodules-cache-path=/x', '-fmodules-cache-path=/x'],
  ['-fproc-stat-report=/x', '-fproc-stat-report=/x'],
  ['-serialize-diagnostics /x', '-serialize-diagnostics /x'],
  ['--serialize-diagnostics /x', '--serialize-diagnostics /x'],
  ['-gen-cdb-fragment-path /x', '-gen-cdb-fragment-path /x'],
  ['-ftime-trace=/x', '-ftime-trace=/x'],
  ['-time=/x', '-time=/x'],
  ['-Wa,-a=/x', '-Wa,-a=/x'],
  ['-Wa,-alh=x', '-Wa,-alh=x'],
  ['-Wa,--noexecstack,-o,/x', '-Wa,-o'],
  ['-Wa,--MD,/x', '-Wa,--MD'],
  ['-Wa,--M,/x', '-Wa,--M'],
  ['-Wa,-MD,/x', '-Wa,-MD'],
  ['-Xassembler -o -Xassembler /x', '-Xassembler -o'],
  ['--for-assembler=-o', '--for-assembler=-o'],
  ['-Xclang -header-include-file -Xclang /x', '-Xclang -header-include-file'],
  ['-Xclang -fixit', '-Xclang -fixit'],
  ['-mllvm -info-output-file=/x', '-mllvm -info-output-file=/x'],
  ['-mllvm -x -mllvm /etc/passwd', '-mllvm /etc/passwd'],
  ['-Wp,-MD,/x', '-Wp,-MD,/x'],
  ['-Wa,--a=/x', '-Wa,--a=/x'],
  ['-Xassembler --a=/x', '-Xassembler --a=/x'],
  ['-fdump-tree-original=/x=y', '-fdump-tree-original=/x=y'],
  ['-fopt-info-all=/x=y', '-fopt-info-all=/x=y'],
  ['-Wl,-plugin,./x', '-Wl,-plugin,./x'],
  ['-Xlinker -plugin', '-Xlinker'],
  ['-Xclang=-load', '-Xclang=-load'],
  ['-Xpreprocessor -MF', '-Xpreprocessor'],
  // Files that are read.
  ['-include /x.h', '-include /x.h'],
  ['-include/x.h', '-include/x.h'],
  ['-imacros ../x.h', '-imacros ../x.h'],
  ['-include-pch x.pch', '-include-pch x.pch'],
  ['-Xclang -include-pch -Xclang x', '-Xclang -include-pch'],
  ['-fprofile-use=/x', '-fprofile-use=/x'],
  ['-fprofile-instr-use=x', '-fprofile-instr-use=x'],
  ['-fprofile-list=/x', '-fprofile-list=/x'],
  ['-fsanitize-ignorelist=/x', '-fsanitize-ignorelist=/x'],
  ['-fsanitize-blacklist=/x', '-fsanitize-blacklist=/x'],
  ['-fxray-attr-list=/x', '-fxray-attr-list=/x'],
  ['-fbasic-block-sections=list=/x', '-fbasic-block-sections=list=/x'],
  ['-ivfsoverlay x', '-ivfsoverlay'],
  ['-Wa,-I/x', '-Wa,-I/x'],
  ['-Wa,@/x', '-Wa,@/x'],
  ['-Wa,/etc/passwd', '-Wa,/etc/passwd'],
  ['-Wp,-include,/x', '-Wp,-include,/x'],
  ['-working-directory=/x', '-working-directory=/x'],
];

/** What builds really use. */
const ordinary: readonly string[] = [
  '-O2 -g -Wall -Wextra -Werror=format-security -pipe -std=gnu++17 -fPIC -pthread',
  '-fstack-usage -fcallgraph-info',
  '-Wa,--noexecstack -Wa,-mbranches-within-32B-boundaries -Wa,--compress-debug-sections',
  '-Wa,--defsym,X=1 -Wa,--debug-prefix-map,/a=/b -Wa,-march=armv8-a -Xassembler --noexecstack',
  '-Wa,--alternate -L/x -l x -T /x.ld -fuse-ld=gold -fuse-ld=lld',
  '-fdiagnostics-color=always -fdiagnostics-format=json -fdiagnostics-show-option',
  '-fsanitize=address,undefined -fno-sanitize-recover=all -fsanitize-recover=address -fno-sanitize-ignorelist',
  '-fdebug-prefix-map=/home/me=. -ffile-prefix-map=/home/me=. -fmacro-prefix-map=/home/me=.',
  '-Xclang -fno-pch-timestamp -Xclang -fdebug-compilation-dir -Xclang /home/me -Qunused-arguments',
  '-mllvm -inline-threshold=100 -mllvm -profile-guided-section-prefix -mllvm -max-loads-per-memcmp=4 -mllvm -polly',
  '-fdump-tree-optimized -fdump-rtl-all=x.txt -fopt-info-vec -fopt-info-vec=x.txt -save-temps -gsplit-dwarf',
  '--sysroot=/opt/sdk --sysroot /opt/sdk -isysroot /opt/sdk -iquote /home/me -isystem /x -I/x -resource-dir /x',
  '-target x86_64-linux-gnu --target=arm-none-eabi -mcpu=cortex-m4 -march=x86-64-v2 -mtune=generic -m32',
  '-flto -flto=thin -flto=auto -ffat-lto-objects -fuse-linker-plugin -fno-use-linker-plugin -fmodulo-sched',
  '-fprofile-dir=x -fprofile-update=atomic -frandom-seed=/x/y.o --param max-inline-insns-single=200',
  '-include config.h -includeconfig.h -imacros config.h -x cpp-output -x c++-cpp-output',
  '-no-canonical-prefixes -no-integrated-cpp -fno-integrated-as -integrated-as --driver-mode=g++',
  '-specific -DB=1 -D_FORTIFY_SOURCE=2 -fplt -fplan9-extensions -dA -dp -frecord-gcc-switches',
];

describe('refusedOption()', () => {
  it.each(dangerous)('refuses %s', (line, option) => {
    expect(refused(`gcc -O2 ${line} -c a.i -o a.o`)).toBe(option);
    expect(refused(`gcc -c a.i -o a.o ${line}`)).toBe(option);
  });

  it.each(ordinary)('lets ordinary builds pass: %s', (line) => {
    expect(refused(`gcc -c a.i -o a.o ${line}`)).toBeUndefined();
  });

  it('does not look at the name of the compiler', () => {
    expect(refusedOption(['@gcc', '-c', 'a.i'])).toBeUndefined();
  });

  it('says why, as the end of a sentence', () => {
    expect(refusedOption(['gcc', '-fplugin=x.so'])).toEqual({
      option: '-fplugin=x.so',
      because: 'loads code into the compiler',
    });
    expect(refusedOption(['gcc', '-B', '/x'])?.because).toBe('chooses the programs that the compiler runs');
  });

  it('finds a dangerous word among any others', () => {
    const plain = fc.constantFrom(
      '-O2',
      '-g',
      '-c',
      'a.i',
      '-Wall',
      '-Xclang',
      '-mllvm',
      '-o',
      '-D',
      '-x',
      'c',
      '-Wa,-x',
    );
    const danger = fc.constantFrom('-fplugin=x', '-specs=x', '-wrapper', '@x', '--output=x', '-Wa,-o,x', '-cc1');
    const property = fc.property(fc.array(plain), danger, fc.array(plain), (left, word, right) => {
      return refusedOption(['gcc', ...left, word, ...right]) !== undefined;
    });
    fc.assert(property, { numRuns: 500, verbose: 1 });
  });
});
