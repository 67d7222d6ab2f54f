import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeAllowList } from '../../../../src/compiler/allow-list/describe-allow-list.ts';
import { judgeWords, readPermittedOptions, refusedOption } from '../../../../src/compiler/allow-list/judge-words.ts';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';
import { judged, judgedOptions } from '../../../support/judged.ts';

/** Words that load code, run programs, or read or write files, most of them seen to do so. */
const refused: readonly string[] = [
  // Code that is loaded, programs that are run.
  '-fplugin=x.so',
  '--plugin=x.so',
  '-fplugin x.so',
  '-fplugin-arg-x-y=z',
  '-fpass-plugin=x.so',
  '-iplugindir=/x',
  '-specs=x',
  '-specs x',
  '--specs=x',
  '--specs x',
  '-wrapper sh,-c',
  '--wrapper=sh',
  '-B/x',
  '-B /x',
  '-Bx',
  '--prefix=/x',
  '--prefix /x',
  '-Xclang -load -Xclang x.so',
  '-Xclang -add-plugin -Xclang x',
  '-Xclang=-load',
  '-Xclang -mllvm -Xclang -load=x.so',
  '-Xclang -mllvm -Xclang -Xclang',
  '-Xclang -fplugin=x.so',
  '-Xclang -x -Xclang c',
  '-mllvm -load=x.so',
  '-mllvm=-load=x.so',
  '-mllvm -print-changed-diff-path=/bin/sh',
  '-mllvm -view-cfg',
  '-mllvm x',
  '--analyze -Xanalyzer -load -Xanalyzer x.so',
  '-Xanalyzer -load',
  '--gcc-toolchain=/x',
  '-gcc-toolchain /x',
  '-ccc-gcc-name sh',
  '-fmodule-mapper=|sh',
  '-cc1',
  '-Xarch_host -fplugin=x.so',
  '-fno-integrated-cc1',
  '-fcompare-debug',
  '-fcompare-debug=-gtoggle -wrapper sh',
  '--compare-debug=-gtoggle',
  // A configuration of the client's by the name of a target.
  '--target=../../job/evil',
  '--target=./evil',
  '--target=.evil',
  '-target ../../job/evil',
  '-target /evil',
  '-target -v',
  '-mmcu=../evil',
  '-march=/evil',
  '-mcpu=native',
  '-mtune=native+x',
  // Options from elsewhere.
  '@/etc/passwd',
  '-D x @y',
  '-fdebug-compilation-dir @x.i',
  '-Xclang -fdebug-compilation-dir -Xclang @x.i',
  '-Xclang @x',
  '-Wa,@/x',
  '--config x',
  '--config=x',
  '--driver-mode=cl',
  '-Wp,-MD,/x',
  '-Xpreprocessor -MF',
  '-Wl,-plugin,./x',
  '-Xlinker -plugin',
  // Preprocessed text that is preprocessed again.
  '-fno-preprocessed',
  '--no-preprocessed',
  '-fdirectives-only',
  '--directives-only',
  '-frewrite-includes',
  '-ObjC',
  '-ObjC++',
  '--language=c',
  // Files that are written.
  '--output=/x',
  '--output /x',
  '-aux-info /x',
  '-aux-info=/x',
  '-dumpbase x',
  '-dumpdir ./x',
  '-demangle',
  '-dx',
  '-da',
  '-MJ x',
  '-MJx',
  '-save-temps',
  '--save-temps',
  '-fdump-tree-all=/x',
  '--dump-tree-all=/x',
  '-fdump-final-insns=x',
  '-fopt-info-vec=/x',
  '--opt-info-all=/x',
  '--profile-note=/x',
  '-fstack-usage',
  '--stack-usage',
  '-fcallgraph-info',
  '-gsplit-dwarf',
  '-fwpa',
  '-ftime-trace',
  '-time=x',
  '-fproc-stat-reportX',
  '-fmodule-output',
  '-fcondition-coverage',
  '-fpath-coverage',
  '-fdiagnostics-format=sarif-file',
  '-fdiagnostics-add-output=sarif:file=/x',
  '-fcrash-diagnostics-dir=/x',
  '-serialize-diagnostics /x',
  '--serialize-diagnostics /x',
  '-gen-cdb-fragment-path /x',
  '-Wa,-a',
  '-Wa,-ahl',
  '-Wa,-Ja=/x',
  '-Wa,-LMa=/x',
  '--for-assembler=-Ja=/x',
  '--for-assembler -Ja=/x',
  '-Xassembler -Ja=/x',
  '-Wa,--noexecstack,-o,/x',
  '-Wa,--M=/x',
  '-Wa,--def,X=1',
  '-Wa,--fatal',
  '-Wa,x.s',
  '-Wa,/etc/passwd',
  '-Wa,-mllvm',
  '-Wa,',
  // Words that would take one of the driver's for their value.
  '-Wa,--defsym',
  '-Wa,--defsym -O2',
  '-Xassembler --defsym -Xclang X=1',
  '-Xclang -target-feature',
  '-Xclang -target-feature -mllvm +x',
  '--param -O2',
  '--param',
  '-G -O2',
  // Files that are read.
  '-include-pch x.pch',
  '-fprofile-dir',
  '-fprofile-instr-use=x',
  '-fbranch-probabilities',
  '-fauto-profile',
  '-fsanitize-ignorelist=/x',
  '-fxray-attr-list=/x',
  '-fbasic-block-sections=list=/x',
  '-fbasic-block-sections=x',
  '-basic-block-sections=x',
  '-fbuiltin-module-map',
  '-fapinotes',
  '-ivfsoverlay x',
  '-working-directory=/x',
  // A second file, in other words.
  'b',
  'b.s',
  '-',
  '',
  '-O2 gcc',
];

describe('judgeWords()', () => {
  it.each(refused)('refuses %j, before the source and after it', (line) => {
    const options = line.split(' ');
    for (const compiler of ['gcc', 'clang']) {
      expect(judged([compiler, '-O2', ...options, '-c', 'a.c', '-o', 'a.o']).refused).toBeDefined();
      expect(judged([compiler, '-c', 'a.c', '-o', 'a.o', ...options]).refused).toBeDefined();
    }
  });

  it.each([
    '-O2 -g -Wall -Wextra -Werror=format-security -pipe -std=gnu++17 -fPIC -pthread',
    '-Wa,--noexecstack -Wa,-mbranches-within-32B-boundaries -Wa,--compress-debug-sections',
    '-Wa,--defsym,X=1 -Wa,--debug-prefix-map,/a=/b -Xassembler --defsym -Xassembler X=1 -Xassembler --noexecstack',
    '-fdiagnostics-color=always -fdiagnostics-format=json -fdiagnostics-show-option',
    '-fsanitize=address,undefined -fno-sanitize-recover=all -fsanitize-recover=address -fno-sanitize-ignorelist',
    '-fdebug-prefix-map=/home/me=. -ffile-prefix-map=/home/mé=. -fmacro-prefix-map=/home/me=.',
    '-Xclang -fno-pch-timestamp -Xclang -fdebug-compilation-dir -Xclang /home/me -Qunused-arguments',
    '-target x86_64-linux-gnu --target=arm-none-eabi -mcpu=cortex-m4 -march=x86-64-v2 -mtune=generic -m32',
    '-flto -flto=thin -flto=auto -ffat-lto-objects -fno-use-linker-plugin -fmodulo-sched -mrecip=!sqrt',
    '-frandom-seed=/x/y.o --param max-inline-insns-single=200 --param=ssp-buffer-size=4 -G 0 -G8',
    '--std=c++17 --std c++20 --PIC --no-strict-aliasing --warn-no-unused --machine-avx2 --machine=avx2 --debug=3',
    // What our own client adds to the words of its user.
    '-fdiagnostics-color=always -fcolor-diagnostics -Wno-unknown-warning-option -Wno-gnu-line-marker -Qunused-arguments',
    '-target aarch64-unknown-linux-gnu -Xclang -fdebug-compilation-dir -Xclang /home/me',
    '-no-canonical-prefixes -no-integrated-cpp -fno-integrated-as -integrated-as --driver-mode=g++ -dA -v',
  ])('keeps %s as it is written', (line) => {
    const options = line.split(' ');
    expect(judgedOptions(options)).toEqual({ words: options, language: expect.any(String) });
  });

  it.each([
    '-DX=1 -D X -UX -U X -I/x -I /x -I- -include /x.h -include/x.h -imacros ../x.h -iquote /x -isystem/x -idirafter /x',
    '-isysroot /opt/sdk --sysroot=/opt/sdk --sysroot /opt/sdk --include-directory=/x --define-macro X -resource-dir /x',
    '-MD -MF /x -MFx -MT x -MQ x -MP -MG -MMD -nostdinc -undef -A x -C -CC -P -H -dD -dM -dDI -fpreprocessed',
    '-L/x -l x -T /x.ld -fuse-ld=gold -fuse-ld=/x/ld -u x -z now -e main -framework Cocoa -fuse-linker-plugin',
    '-D -fplugin=x.so',
    '-I -wrapper',
  ])('leaves out %s, which preprocessed text needs no more', (line) => {
    expect(judgedOptions(line.split(' '))).toEqual({ words: [], language: 'cpp-output' });
  });

  it('refuses a command whose source or output an option takes for its value', () => {
    expect(judged(['gcc', '-c', '-D', 'a.c', '-o', 'a.o']).refused?.option).toBe('a.c');
    expect(judged(['gcc', '-c', 'a.c', '-I', '-o', 'a.o']).refused?.option).toBe('a.o');
    expect(judged(['gcc', '-c', '-Xassembler', '--defsym', 'a.c']).refused?.because).toBe('lacks its value');
  });

  it.each([
    [['gcc', '-x', 'c', 'a.cc'], 'cpp-output'],
    [['gcc', '-xc', 'c.cc'], 'cpp-output'],
    [['gcc', '-x', 'c++', 'a.c'], 'c++-cpp-output'],
    [['gcc', '-x', 'objc-cpp-output', 'a.c'], undefined],
    [['gcc', '-x', 'objective-c', 'a.c'], 'objective-c-cpp-output'],
    [['gcc', '-xada', 'c.c'], undefined],
    [['gcc', '-xd', 'c.c'], undefined],
    [['gcc', '-xassembler', 'c.c'], undefined],
    [['gcc', '-x', 'assembler', 'a.c'], 'assembler'],
    [['gcc', '-x', 'assembler-with-cpp', 'a.c'], undefined],
    [['gcc', '-x', 'c++', '-x', 'none', 'a.c'], 'cpp-output'],
    [['gcc', '-x', 'c++-header', 'a.cc'], undefined],
    [['gcc', '-x', 'go', 'a.c'], undefined],
    [['gcc', '-x', 'cuda', 'a.c'], undefined],
    [['gcc', 'a.c', '-x', 'c++'], 'cpp-output'],
    [['gcc', 'a.c', '-xada', 'c'], undefined],
    [['clang', '--driver-mode=g++', 'a.c'], 'c++-cpp-output'],
    [['clang++', '--driver-mode=gcc', 'a.c'], 'cpp-output'],
  ])('of %j serves %s', (words, language) => {
    const judgement = judged([...words, '-c']);
    expect(judgement.refused === undefined ? judgement.language : undefined).toBe(language);
  });

  it('finds a dangerous word among any others', () => {
    const plain = fc.constantFrom(
      '-O2',
      '-g',
      '-c',
      '-Wall',
      '-Xclang',
      '-mllvm',
      '-D',
      '-Wa,-Z',
      '--param',
      '-G',
      '-target',
    );
    const danger = fc.constantFrom('-fplugin=x', '-specs=x', '-wrapper', '@x', '--output=x', '-Wa,-o,x', '-cc1');
    const property = fc.property(fc.array(plain), danger, fc.array(plain), (left, word, right) => {
      const judgement = judged(['gcc', ...left, word, ...right, '-c', 'a.c', '-o', 'a.o']);
      return judgement.refused !== undefined || !judgement.words.includes(word);
    });
    fc.assert(property, { numRuns: 500, verbose: 1 });
  });

  it('names the option as an administrator would permit it, and says what it does', () => {
    expect(judgedOptions(['--plugin=x.so']).refused).toEqual({
      option: '-fplugin=x.so',
      because: 'loads code into the compiler',
    });
    expect(judgedOptions(['-Xassembler', '-ahl']).refused?.option).toBe('-Wa,-ahl');
    expect(judgedOptions(['-O2x']).refused?.because).toBe('is not in the allow list of servers');
    expect(judgedOptions(['-std=/x']).refused?.because).toBe('has a value that the allow list does not know');
  });

  it('permits what an administrator adds, in every spelling, and nothing longer', () => {
    const added = ['-fstack-usage', '-fprofile-dir=', '-Wa,-I', '-mllvm=-polly', '--coverage'];
    const permits = (...options: string[]): boolean => {
      const judgement = judged(['gcc', ...options, '-c', 'a.c'], added);
      return judgement.refused === undefined && judgement.words.join(' ') === options.join(' ');
    };
    expect(
      [
        ['-fstack-usage'],
        ['--stack-usage'],
        ['-fprofile-dir=/x/y'],
        ['-Wa,-I'],
        ['-Xassembler', '-I'],
        ['-mllvm', '-polly'],
        ['--coverage'],
      ].map((options) => permits(...options)),
    ).toEqual([true, true, true, true, true, true, false]);
    expect(permits('-fstack-usage=x') || permits('-fprofile-dir') || permits('-Wa,-I,x')).toBe(false);
  });

  it('is asked by the client as well, before it asks any server', () => {
    expect(scanArguments(['gcc', '-fno-such', '-fsuch', '-c', 'a.c'], 'client')).toMatchObject({
      run: 'locally',
      because: '"-fsuch" is not in the allow list of servers',
    });
    const verdict = scanArguments(['gcc', '-c', 'a.c'], 'server');
    if (verdict.run === 'locally') throw new Error(verdict.because);
    expect(refusedOption(verdict)).toBeUndefined();
    const argv = ['gcc', '-fsuch', '-fstack-usage', '-c', 'a.c'];
    const ofHosts = readPermittedOptions(['-fsuch', '-fstack-usage']);
    expect(
      scanArguments(
        argv.filter((_, at) => at !== 2),
        'client',
        ofHosts,
      ).run,
    ).toBe('remotely');
    // The allow list is not what keeps this one.
    expect(scanArguments(argv, 'client', ofHosts).run).toBe('locally');
  });
});

describe('judgeWords() looks at each word a few times, however many there are', () => {
  const words = ['-O2', '-Wa,--defsym,X=1', '-Xclang', '-O2', '-mllvm', '-O0', '-I', 'x', '--param', 'a=1', '-fno-x'];

  /** How often the words of a command are read when it has this many copies of them. */
  function readsOf(copies: number): number {
    const verdict = scanArguments(
      ['gcc', ...Array.from({ length: copies }, () => words).flat(), '-c', 'a.c'],
      'server',
    );
    if (verdict.run === 'locally') throw new Error(verdict.because);
    let reads = 0;
    const counted = new Proxy(verdict.words, {
      get(target, key, receiver): unknown {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
        return Reflect.get(target, key, receiver);
      },
    });
    expect(judgeWords({ ...verdict, words: counted }).refused).toBeUndefined();
    return reads;
  }

  it('twice the words are twice the reads', () => {
    const [once, twice, fourfold] = [readsOf(500), readsOf(1000), readsOf(2000)];
    expect(twice).toBeLessThanOrEqual(2 * once);
    expect(fourfold).toBeLessThanOrEqual(4 * once);
  });

  // A pattern that tries every split of such a word would not end within the time that a test has.
  it.each([
    '-f',
    '-W',
    '-m',
    '-R',
    '-std=',
    '-fsanitize=',
    '-Wa,',
    '-Wa,-m',
    '-Xclang=-W',
    '-mllvm=-',
    '--param=',
    '-g',
    '--target=',
  ])('and a word of 128 KB that begins with %s is done at once', (start) => {
    for (const filling of ['a', 'a,', 'a=', '-a', ',', '=', '--', '0', 'no-'])
      judgedOptions([start + filling.repeat((128 * 1024) / filling.length) + '/']);
  });
});

describe('the language that judgeWords() gives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'language-'));
  const trace = (compiler: string, name: string, words: readonly string[] = []): string => {
    writeFileSync(join(folder, name), 'int x;\n');
    const { stderr } = spawnSync(compiler, [...words, '-c', name, '-###'], { cwd: folder, encoding: 'utf8' });
    // The part of the compiler that would run, and the language that it is told.
    return /cc1plus|cc1objplus|cc1obj|"-x" "[^"]*"|cc1/.exec(stderr)?.[0] ?? stderr;
  };

  it.each(
    ['gcc', 'g++', 'clang', 'clang++'].flatMap((compiler) =>
      ['a.i', 'a.ii', 'a.mi', 'a.mii'].map((name) => [compiler, name] as const),
    ),
  )('is the one that %s finds for %s by itself', (compiler, name) => {
    const judgement = judged([compiler, '-c', name]);
    if (judgement.refused !== undefined) throw new Error(judgement.refused.because);
    expect(trace(compiler, name, ['-x', judgement.language])).toBe(trace(compiler, name));
  });

  it('leaves nothing behind', () => rmSync(folder, { recursive: true }));
});

describe('describeAllowList()', () => {
  it('prints every kind of rule, and what the administrator added', () => {
    const text = describeAllowList(['-fstack-usage']).join('\n');
    for (const word of [
      '-fstack-usage',
      '-pipe',
      '--target=...',
      '-fPIC',
      '-fsanitize=',
      '-mllvm=-asan-globals',
      '--sysroot VALUE',
    ])
      expect(text).toContain(word);
    expect(describeAllowList([])).toContain('  nothing');
  });
});
