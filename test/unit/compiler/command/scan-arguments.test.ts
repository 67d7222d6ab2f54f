import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';
import type { LocalVerdict, RemoteVerdict } from '../../../../src/compiler/verdict.ts';
import { preprocessCommand, remoteCommand } from '../../../../src/compiler/command/split-command.ts';
import { findInvocation } from '../../../../src/compiler/names/which-compiler.ts';

/** A command line as a person writes it; words with blanks in single quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|\S+/g)].map((match) => match[1] ?? match[0]);
}

/** The vector table runs the client as `distcc WORDS`. */
const argvOf = (line: string): readonly string[] => findInvocation('distcc', words(line)).words;

function remote(line: string, side: 'client' | 'server' = 'client'): RemoteVerdict {
  const verdict = scanArguments(argvOf(line), side);
  if (verdict.run === 'locally') throw new Error(`local: ${verdict.because}`);
  return verdict;
}

function local(line: string, side: 'client' | 'server' = 'client'): LocalVerdict {
  const verdict = scanArguments(argvOf(line), side);
  if (verdict.run === 'remotely') throw new Error(`distributed: ${verdict.source} to ${verdict.output}`);
  return verdict;
}

/** Rows of the reference's vector table: words, `input > output`, the server's words without the compiler. */
const distributed: ReadonlyArray<readonly [string, string, string]> = [
  ['gcc -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['gcc -o /tmp/hello.o -c ../src/hello.c', '../src/hello.c > /tmp/hello.o', '-o /tmp/hello.o -c ../src/hello.c'],
  ['gcc -DMYNAME=quasibar.c bar.c -c -o bar.o', 'bar.c > bar.o', 'bar.c -c -o bar.o'],
  ['gcc -ohello.o -c hello.c', 'hello.c > hello.o', '-ohello.o -c hello.c'],
  ['gcc -S hello.c', 'hello.c > hello.s', '-S hello.c -o hello.s'],
  ['gcc -c -S hello.c', 'hello.c > hello.s', '-c -S hello.c -o hello.s'],
  ['gcc -MD -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['gcc -MMD -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['gcc -MG -MP -MD -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['gcc -MF x.d -MD -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['gcc -MFx.d -MD -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['gcc -MT tgt.o -MD -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['gcc -MQ tgt.c -MD -c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['-c hello.c', 'hello.c > hello.o', '-c hello.c -o hello.o'],
  ['hello.c -c', 'hello.c > hello.o', 'hello.c -c -o hello.o'],
  ['foo.c -o foo.o -c', 'foo.c > foo.o', 'foo.c -o foo.o -c'],
  ['gcc -Wa,-xarch=v8 -c foo.c', 'foo.c > foo.o', '-Wa,-xarch=v8 -c foo.c -o foo.o'],
  ['gcc -Wa,--noexecstack -c foo.c', 'foo.c > foo.o', '-Wa,--noexecstack -c foo.c -o foo.o'],
  ['gcc -flto -c foo.c', 'foo.c > foo.o', '-flto -c foo.c -o foo.o'],
  ['gcc -flto=4 -c foo.c', 'foo.c > foo.o', '-flto=4 -c foo.c -o foo.o'],
  ['gcc -dM -c foo.c', 'foo.c > foo.o', '-dM -c foo.c -o foo.o'],
  ['gcc -c conftest2.c', 'conftest2.c > conftest2.o', '-c conftest2.c -o conftest2.o'],
  ['gcc -v -c foo.c', 'foo.c > foo.o', '-v -c foo.c -o foo.o'],
  ['gcc -c a.c', 'a.c > a.o', '-c a.c -o a.o'],
  ...['.cc', '.cpp', '.cxx', '.cp', '.c++', '.C', '.m', '.mm', '.M', '.i', '.ii', '.mi', '.mii'].map(
    (extension) => [`gcc -c foo${extension}`, `foo${extension} > foo.o`, `-c foo${extension} -o foo.o`] as const,
  ),
  ['gcc -c foo.c -o foo.obj', 'foo.c > foo.obj', '-c foo.c -o foo.obj'],
  ['gcc -c -o foo.c bar.c', 'bar.c > foo.c', '-c -o foo.c bar.c'],
  ['gcc -c foo.c -Wp,-MMD,foo.d,-MT,x', 'foo.c > foo.o', '-c foo.c -o foo.o'],
  ['gcc -c foo.c -L/x -lfoo -Wl,-z', 'foo.c > foo.o', '-c foo.c -o foo.o'],
  [
    'gcc -c foo.c -isystem /x -isystem/y -iquote /z -idirafter /w -imacros m.h -include p.h -includeq.h -iprefix p -iwithprefix q -iwithprefixbefore r',
    'foo.c > foo.o',
    '-c foo.c -iquote /z -includeq.h -o foo.o',
  ],
  [
    'gcc -c foo.c -Xpreprocessor -DX -Xassembler -Z -undef -nostdinc -A x -I- -I -D',
    'foo.c > foo.o',
    '-c foo.c -Xassembler -Z -A x -o foo.o',
  ],
  [
    'clang -mllvm -limited-coverage-experimental=true -Xassembler -L --param lim-expensive=20 -c foo.c -lm',
    'foo.c > foo.o',
    '-mllvm -limited-coverage-experimental=true -Xassembler -L --param lim-expensive=20 -c foo.c -o foo.o -Qunused-arguments',
  ],
  ['gcc -c sub/foo.c', 'sub/foo.c > foo.o', '-c sub/foo.c -o foo.o'],
  ['gcc -c a.c -o /dev/null', 'a.c > /dev/null', '-c a.c -o /dev/null'],
  ["gcc -c 'my file.c'", 'my file.c > my file.o', '-c my file.c -o my file.o'],
  ['/usr/bin/gcc -c a.c', 'a.c > a.o', '-c a.c -o a.o'],
  // The quirk of rule 11: the word after -xc is judged, and "cfile.c" begins with a "c".
  ['gcc -xc cfile.c -c', 'cfile.c > cfile.o', '-x cpp-output cfile.c -c -o cfile.o'],
];

/** Rows that stay local, with a part of the reason. */
const stays: ReadonlyArray<readonly [string, string]> = [
  ['gcc hello.c', 'without "-c" or "-S"'],
  ['gcc hello.o', 'without "-c" or "-S"'],
  ['gcc -o hello.o hello.c', 'without "-c" or "-S"'],
  ['gcc -o hello.o -c hello.s', 'no word names'],
  ['gcc -o hello.o -c hello.S', 'no word names'],
  ...[
    '--coverage',
    '-fprofile-arcs',
    '-ftest-coverage',
    '-fprofile-generate=/tmp/x',
    '-fprofile-use=/tmp/x',
    '-fauto-profile=x',
  ].map((option) => [`gcc ${option} -c hello.c`, `"${option}" ties the object to profiling data`] as const),
  ['gcc -M hello.c', '"-M" runs only the preprocessor'],
  ['gcc -ME hello.c', '"-ME" asks for dependencies'],
  ['gcc -MM hello.c -c', '"-MM" runs only the preprocessor'],
  ['gcc -Mfoo -c foo.c', '"-Mfoo" asks for dependencies'],
  ['gcc -c -MJ x.json foo.c', '"-MJ" adds to a compilation database'],
  ['gcc -E hello.c', '"-E" runs only the preprocessor'],
  ['gcc -S foo.c -o -', '"-o -" writes to standard output'],
  ['-S -o - foo.c', '"-o -" writes to standard output'],
  ['foo.c -o foo.o', 'without "-c" or "-S"'],
  ['foo.o -o foo', 'without "-c" or "-S"'],
  ['gcc -o prog main.o s00.o -lm', 'without "-c" or "-S"'],
  ['gcc a.c b.c -o prog', 'without "-c" or "-S"'],
  ['gcc -c -o a.o a.c -o b.o', '"-o" names a second output'],
  ['gcc -Wa,-alh,-a=foo.lst -c foo.c', '"-Wa,-alh,-a=foo.lst" makes the assembler write a file'],
  ['gcc -Wa,-a=foo.lst -c foo.c', 'makes the assembler write a file'],
  ['gcc -Wa,--MD -c foo.c', 'makes the assembler write a file'],
  ['g++ -frepo -c foo.C', '"-frepo" writes a template repository'],
  ['gcc -xassembler-with-cpp -c foo.c', '"-xassembler-with-cpp" names the language in one word'],
  ['gcc -x assembler-with-cpp -c foo.c', '"-x assembler-with-cpp" is a language that is not distributed'],
  ['gcc -xc -c foo.c', 'names the language in one word'],
  ['gcc -xc foo.c -c', 'names the language in one word'],
  ['gcc -x f95 foo.c -c', '"-x f95" is a language that is not distributed'],
  ['gcc -specs=foo.specs -c foo.c', '"-specs=foo.specs" chooses the programs'],
  ['gcc -dr -c foo.c', '"-dr" writes a dump'],
  ['gcc -drfoo -c foo.c', '"-drfoo" writes a dump'],
  ['gcc -march=native -c foo.c', '"-march=native" means another processor on another machine'],
  ['gcc -mtune=native -c foo.c', '"-mtune=native" means another processor on another machine'],
  ['gcc -c a.c b.c', '"b.c" is a second source'],
  ['gcc -c a.c -o a.o b.o', '"b.o" is a second output'],
  ['gcc -c conftest.c', '"conftest.c" is a probe'],
  ['gcc -c dir/conftest.c', '"dir/conftest.c" is a probe'],
  ['gcc -c tmp.conftest.c', '"tmp.conftest.c" is a probe'],
  ['gcc -c conftest.i', '"conftest.i" is a probe'],
  ...['foo', 'foo.', 'foo.CC', 'foo.f90', 'foo.go', 'foo.cu', 'foo.h', '-'].map(
    (name) => [`gcc -c ${name}`, 'no word names a C, C++ or Objective-C source'] as const,
  ),
  ['gcc -c .c', '".c" gives no name'],
  ['gcc -c x/.c', '"x/.c" gives no name'],
  ['gcc --version', '"--version" prints something'],
];

describe('scanArguments() distributes what distcc 3.4 does', () => {
  it.each(distributed)('%s', (line, names, server) => {
    const verdict = remote(line);
    expect(`${verdict.source} > ${verdict.output}`).toBe(names);
    expect(remoteCommand(verdict).slice(1).join(' ')).toBe(server);
  });
});

describe('scanArguments() keeps local what distcc 3.4 does, and says why', () => {
  it.each(stays)('%s', (line, because) => {
    const verdict = local(line);
    expect(verdict.because).toContain(because);
    expect(verdict.words).toEqual(argvOf(line));
  });
});

describe('scanArguments() differs from distcc 3.4', () => {
  it.each([
    ['gcc -c a.c b.o', 'since every server fails without "-o"'],
    ['gcc -c foo.c -x', 'since the added "-o" would be the language'],
    ['gcc -c foo.c -o', 'since the value is missing and "-o foo.o" would be added after it'],
    ['gcc -c foo.c -MF', 'since the value is missing'],
    ['gcc -c foo.c -D', 'since "-o" would become a macro'],
    ['gcc -mcpu=native -c foo.c', 'since Arm compilers know it, and the object would not run here'],
    ['gcc -march=native+crypto -c foo.c', 'since it is "-march=native" with more after it'],
    ['gcc -x c++-header foo.c -c', 'since preprocessed text has no macros to precompile'],
    ['gcc -x go foo.c -c', 'since nothing preprocesses it'],
    ['gcc -save-temps -c foo.c', 'since the files would stay on the server'],
    ['gcc -save-temps=obj -c foo.c', 'since the files would stay on the server'],
    ['gcc -gsplit-dwarf -c foo.c', 'since the debug information would stay on the server'],
    ['gcc -fstack-usage -c foo.c', 'since the file would stay on the server'],
    ['gcc -fplugin=x.so -c foo.c', 'since servers drop the connection'],
    ['gcc -c @args.rsp foo.c', 'since the file is here'],
    ['gcc @args.rsp', 'since the file is here'],
    ['gcc -c foo.c -o @out', 'since the compiler would read such a file and not write it'],
    ['gcc -c foo.c -D @x -o foo.o', 'since the compiler would read such a file first'],
    ['gcc -c foo.c -MD -MF @x -o foo.o', 'since the compiler would read such a file first'],
    ['gcc -c @foo.c', 'since the compiler would read such a file first'],
    ['gcc -fsyntax-only -c foo.c', 'since distcc 3.4 makes an empty object'],
    ['gcc -### -c foo.c', 'since there is no text to compile'],
    ['gcc -finput-charset=latin1 -c foo.c', 'since distcc 3.4 converts the strings twice'],
    ['gcc -c foo.c -MD -MF -', 'since the dependencies would be compiled'],
    ['gcc -c foo.c -MD -MF/dev/stdout', 'since the dependencies would be compiled'],
    ['gcc -c foo.c -MD -MF /dev/stderr', 'since clang writes them in the middle of its messages'],
    ['gcc -c foo.c -MD -MF/dev/fd/2', 'the same'],
    ['gcc -c foo.c -Wp,-MD,/proc/self/fd/2', 'the same'],
    ['gcc -c foo.c -Wp,-MD,-', 'since the dependencies would be compiled'],
    ['gcc -c foo.c -Wp,-MD', 'since gcc takes the source for the name of the dependency file'],
    ['gcc -c foo.c -Wp,-M', 'since it only preprocesses'],
    ['gcc -c -include foo.c bar.S', 'since the source is the value of an option'],
    ['gcc -S -fverbose-asm foo.c', 'since lines of the source are copied into the output'],
    ['clang -c -emit-llvm foo.c', 'since the output is called foo.bc'],
    ['clang -c -- foo.c', 'since a word after it is not an option'],
    ['clang -frecord-gcc-switches -c foo.c', 'since the object holds the command'],
    ['gcc -P -g -c foo.c', 'since gcc records it'],
    ['gcc --output=x.o -c foo.c', 'since it names the output without distcc knowing'],
    ['gcc -da -c foo.c', 'since the dumps would stay on the server'],
    ['gcc -dumpx -c foo.c', 'since gcc takes it for letters, "a" not among them but known to older ones'],
    ['gcc --stack-usage -c foo.c', 'since that is "-fstack-usage" to gcc'],
    ['gcc --machine-arch=native -c foo.c', 'since that is "-march=native" to gcc'],
    ['gcc --machine arch=native -c foo.c', 'since that is "-march=native" to gcc'],
    ['gcc --input-charset=latin1 -c foo.c', 'since that is "-finput-charset=latin1" to gcc'],
    ['gcc --no-preprocessed -c foo.c', 'since that is "-fno-preprocessed" to gcc'],
    ['gcc -S --verbose-asm foo.c', 'since that is "-fverbose-asm" to gcc'],
    ['gcc -S -dAP foo.c', 'since the line numbers in the assembler text would be those of the preprocessed text'],
    ['gcc -fdiagnostics-format=json -c foo.c', 'since two documents are not one'],
    ['gcc -fdiagnostics-format=sarif-stderr -c foo.c', 'since two documents are not one'],
    ['gcc -fdiagnostics-add-output=sarif -c foo.c', 'since the file would stay on the server'],
    ['gcc -fdiagnostics-generate-patch -c foo.c', 'since a server has no source to make a patch of'],
    ['clang -fdiagnostics-format=sarif -c foo.c', 'since two documents are not one'],
    ['gcc -ftime-report -c foo.c', 'since it would measure two programs'],
    ['gcc -Q -c foo.c', 'since it would measure two programs'],
    ['clang -H -c foo.c', 'since clang lists the headers of preprocessed text again'],
    ['clang -ObjC -c foo.c', 'since the server would preprocess again'],
    ['ccache gcc -c foo.c', 'since a server would have to run any program that is named there'],
    ['gcc -fprofile-dir=x -c foo.c', 'since the allow list does not have it'],
    ['gcc -fdirectives-only -c foo.c', 'since the server would have to preprocess again'],
    ['gcc -Xassembler -z -c foo.c', 'since the allow list does not have it'],
    ['gcc -dH -c foo.c', 'since it has the compiler dump its memory on an error'],
    ['gcc -dx -c foo.c', 'since it makes no object'],
    ['gcc --coverage-x -c foo.c', 'since the allow list does not have it'],
  ])('%s stays local, %s', (line) => {
    expect(local(line).because).not.toBe('');
  });

  it.each([
    'gcc -dA -dp -dP -dAPp -dD -c foo.c',
    'gcc -S -dAp foo.c',
    'clang -dynamic -c foo.c',
    'gcc -H -c foo.c',
    'gcc -fdiagnostics-format=text -c foo.c',
    'gcc --std=c99 --sysroot=/ --param=x=1 -c foo.c',
    'gcc --optimize=3 --warn-all --pedantic -c foo.c',
  ])('still distributes %s', (line) => {
    expect(remote(line).source).toBe('foo.c');
  });

  it.each([
    ['gcc -x c -c foo.c', '-x cpp-output -c foo.c -o foo.o'],
    ['gcc -x c++ foo.c -c', '-x c++-cpp-output foo.c -c -o foo.o'],
    ['gcc -x objective-c foo.c -c', '-x objective-c-cpp-output foo.c -c -o foo.o'],
  ])('%s has the server not preprocess a second time', (line, server) => {
    const verdict = remote(line);
    expect(verdict.preprocessed).toBe(false);
    expect(remoteCommand(verdict).slice(1).join(' ')).toBe(server);
  });

  it('-x cpp-output is preprocessed already, where distcc 3.4 sends an empty text', () => {
    expect(remote('gcc -x cpp-output -c foo.c').preprocessed).toBe(true);
  });

  it('-x c in front of foo.i has it preprocessed, and after it does not', () => {
    expect(remote('gcc -x c -c foo.i').preprocessed).toBe(false);
    expect(remote('gcc -c foo.i -x c').preprocessed).toBe(true);
  });

  it('-Wp,-MD,f stays one word for the preprocessor, since gcc names another target than for -MD -MF f', () => {
    expect(preprocessCommand(remote('gcc -c foo.c -Wp,-MMD,foo.d,-MT,x'))).toEqual(
      words('gcc -E foo.c -Wp,-MMD,foo.d,-MT,x'),
    );
  });
});

describe('scanArguments() distributes what distcc 3.4 keeps local by mistake', () => {
  it.each([
    ['gcc -x none -c foo.c -o foo.o', 'gcc -c foo.c -o foo.o'],
    ['gcc -x c++ -x none -c foo.c -o foo.o', 'gcc -c foo.c -o foo.o'],
    ['gcc -x none -x c++ -c foo.c -o foo.o', 'gcc -x c++-cpp-output -c foo.c -o foo.o'],
    ['gcc -x assembler -c foo.c -o foo.o', 'gcc -x assembler -c foo.c -o foo.o'],
    [
      'gcc -Wa,--noexecstack,-a64 -c foo.c -o foo.o',
      'gcc -Xassembler --noexecstack -Xassembler -a64 -c foo.c -o foo.o',
    ],
    ['gcc -fprofile-correction -c foo.c -o foo.o', 'gcc --profile-correction -c foo.c -o foo.o'],
    ['clang -fprofile-correction -c foo.c -o foo.o', 'clang -c foo.c -o foo.o -Qunused-arguments'],
    [
      'clang -mllvm -openmp-opt-disable -c foo.c -o foo.o',
      'clang -mllvm --openmp-opt-disable -c foo.c -o foo.o -Qunused-arguments',
    ],
    [
      'clang -Xclang -mllvm -Xclang -openmp-opt-disable -c foo.c -o foo.o',
      'clang -Xclang -mllvm -Xclang --openmp-opt-disable -c foo.c -o foo.o -Qunused-arguments',
    ],
    [
      'clang -mllvm -x86-cmov-converter=false -c foo.c -o foo.o',
      'clang -mllvm --x86-cmov-converter=false -c foo.c -o foo.o -Qunused-arguments',
    ],
  ])('%s', (line, sent) => {
    expect(remoteCommand(remote(line)).join(' ')).toBe(sent);
  });

  it.each([
    ['gcc -Wa,-a32,-ahl -c foo.c', '"-Wa,-a32,-ahl" makes'],
    ['gcc -Wa,-a640 -c foo.c', '"-Wa,-a640" makes'],
    ['gcc -x assembler -S foo.c', 'cannot be compiled to such text'],
    ['gcc -x assembler -g -c foo.c', '"-g" records'],
    ['gcc -x assembler -Wa,--noexecstack,--gdwarf-5 -c foo.c', '"-Wa,--noexecstack,--gdwarf-5" records'],
    ['gcc -x assembler -Xassembler --gdwarf-5 -c foo.c', '"--gdwarf-5" records'],
    ['gcc -mllvm -o -c foo.c -o foo.o', '"-mllvm=-o" is not'],
  ])('and still keeps %s', (line, because) => {
    expect(local(line).because).toContain(because);
  });
});

describe('scanArguments()', () => {
  it('tells where the source and the output are', () => {
    const verdict = remote('gcc -O2 -ofoo.o -c foo.c');
    expect(verdict).toMatchObject({ sourceAt: 4, outputAt: 2, joined: true, appended: false, assemble: false });
    expect(remote('gcc -O2 -o foo.o -S foo.c')).toMatchObject({ outputAt: 3, joined: false, assemble: true });
    expect(remote('gcc -c foo.c')).toMatchObject({ outputAt: 4, joined: false, appended: true });
  });

  it('takes a preprocessor slot only for a preprocessor', () => {
    expect(['gcc -E a.c', 'gcc -M a.c', 'gcc -MM a.c'].map((line) => local(line).preprocessOnly)).toEqual([
      true,
      true,
      true,
    ]);
    expect(local('gcc -c a.c b.c').preprocessOnly).toBe(false);
    expect(local('gcc -MJ x -c a.c').preprocessOnly).toBe(false);
  });

  it.each([
    'gcc -save-temps -c foo.i -o foo.o',
    'gcc -gsplit-dwarf -c foo.i -o foo.o',
    'gcc @args.rsp -c foo.i -o foo.o',
    'gcc -fstack-usage -c foo.i -o foo.o',
    'gcc -mcpu=native -c foo.i -o foo.o',
    'gcc -x c++-header -c foo.cc -o foo.o',
    'gcc -fplugin=x.so -c foo.i -o foo.o',
    'gcc -MF - -MD -c foo.i -o foo.o',
    'gcc -P -g -c foo.i -o foo.o',
  ])('leaves to a server what distcc 3.4 sends: %s', (line) => {
    expect(remote(line, 'server').source).toMatch(/^foo/);
  });

  it.each(['gcc -march=native -c foo.i', 'gcc -c a.i b.i', 'gcc hello.c', 'gcc -c foo.c -o -', 'gcc -E foo.c'])(
    'refuses on a server what distcc 3.4 refuses there: %s',
    (line) => {
      expect(local(line, 'server').because).not.toBe('');
    },
  );

  it('counts the value of an option as a source, as distcc does', () => {
    expect(local('gcc -c -include foo.c bar.c').because).toBe('"bar.c" is a second source');
  });

  it('never drops a word of the compile, whatever the options around it', () => {
    const option = fc.constantFrom(
      '-O2',
      '-g',
      '-Ifoo',
      '-DX=1',
      '-I',
      '-D',
      '-x',
      'c',
      '-MD',
      '-MF',
      'x.d',
      '-Wall',
      '-l',
    );
    const property = fc.property(
      fc.array(option, { maxLength: 8 }),
      fc.array(option, { maxLength: 8 }),
      (left, right) => {
        const verdict = scanArguments(['gcc', ...left, '-c', 'foo.c', '-o', 'foo.o', ...right], 'client');
        if (verdict.run === 'locally') return true;
        const sent = remoteCommand(verdict);
        const again = scanArguments(sent, 'server');
        return again.run === 'remotely' && again.source === 'foo.c' && again.output === 'foo.o';
      },
    );
    fc.assert(property, { numRuns: 2000, verbose: 1 });
  });

  it('gives every local verdict a sentence with the word in quotes', () => {
    for (const [line] of stays) expect(local(line).because).toMatch(/"[^"]+"|^no word names/);
  });
});
