import { describe, expect, it } from 'vitest';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';
import type { RemoteVerdict } from '../../../../src/compiler/verdict.ts';
import { preprocessCommand, remoteCommand } from '../../../../src/compiler/command/split-command.ts';

function verdictOf(line: string): RemoteVerdict {
  const verdict = scanArguments(line.split(' '), 'client');
  if (verdict.run === 'locally') throw new Error(verdict.because);
  return verdict;
}

const preprocess = (line: string): string => preprocessCommand(verdictOf(line)).join(' ');
const remote = (line: string, directory?: string): string => remoteCommand(verdictOf(line), directory).join(' ');

describe('preprocessCommand()', () => {
  it.each([
    ['gcc -O2 -c foo.c', 'gcc -O2 -E foo.c'],
    ['gcc -o foo.o -c foo.c', 'gcc -E foo.c'],
    ['gcc -ofoo.o -c foo.c', 'gcc -E foo.c'],
    ['gcc -c -S hello.c', 'gcc -E -E hello.c'],
    ['gcc -Iinc -DX=1 -include p.h -c foo.c -L/x', 'gcc -Iinc -DX=1 -include p.h -E foo.c -L/x'],
    ['gcc -c foo.c -o sub/foo.o -g3', 'gcc -E foo.c -g3'],
  ])('of %s is %s', (line, expected) => expect(preprocess(line)).toBe(expected));

  it.each([
    ['-P', 'the line markers'],
    ['-C', 'comments'],
    ['-dM', 'all text but macros'],
    ['-dDI', 'macros'],
    ['-fno-working-directory', 'the working directory'],
  ])('leaves %s out, which would change %s', (word) => {
    expect(preprocess(`gcc ${word} -c foo.c`)).toBe('gcc -E foo.c');
  });

  it.each([
    ['gcc -c foo.c -MD', 'gcc -E foo.c -MD'],
    ['gcc -c foo.c -MD -o sub/x.y.o', 'gcc -E foo.c -MD -MF sub/x.y.d -MQ sub/x.y.o'],
    ['gcc -c foo.c -MMD -o x', 'gcc -E foo.c -MMD -MF x.d -MQ x'],
    ['gcc -c foo.c -MD -MF f -o x.o', 'gcc -E foo.c -MD -MF f -MQ x.o'],
    ['gcc -c foo.c -MD -MT t -o x.o', 'gcc -E foo.c -MD -MT t -MF x.d'],
    ['gcc -c foo.c -MD -MQt -MFf -o x.o', 'gcc -E foo.c -MD -MQt -MFf'],
    ['gcc -c foo.c -Wp,-MD,f -o x.o', 'gcc -E foo.c -Wp,-MD,f'],
    ['gcc -c foo.c -Wp,-MD,f -MMD -o x.o', 'gcc -E foo.c -Wp,-MD,f -MMD -MQ x.o'],
    ['clang -c foo.c -Wp,-MD,f -o x.o', 'clang -E foo.c -Wp,-MD,f -MQ x.o'],
    ['clang -c foo.c -Wp,-MD,f,-MP -o x.o', 'clang -E foo.c -Wp,-MD,f,-MP -MF x.d -MQ x.o'],
    ['gcc -c foo.c -Xpreprocessor -MD -Xpreprocessor f -o x.o', 'gcc -E foo.c -Xpreprocessor -MD -Xpreprocessor f'],
    ['gcc -c foo.c -MF f -o x.o', 'gcc -E foo.c -MF f'],
  ])('puts the dependency file where %s puts it', (line, expected) => expect(preprocess(line)).toBe(expected));
});

describe('remoteCommand()', () => {
  it.each([
    ['cc -Dhello hello.c -c -o hello.o', 'cc hello.c -c -o hello.o'],
    ['cc -c -I ../include hello.c -o hello.o', 'cc -c hello.c -o hello.o'],
    ['cc -c -DDEBUG -DFOO=23 -D BAR -c -o foo.o foo.c', 'cc -c -c -o foo.o foo.c'],
    ['cc -c hello.c -o hello.o -D -D', 'cc -c hello.c -o hello.o'],
    ['gcc -c foo.c -stdlib=libc++ -nostdinc++ -undef -o foo.o', 'gcc -c foo.c -o foo.o'],
    [
      'gcc -c foo.c -isysroot /x --sysroot=/y -A x -iquote q -o foo.o',
      'gcc -c foo.c -isysroot /x --sysroot=/y -A x -iquote q -o foo.o',
    ],
    ['gcc -c foo.c -stdlib++-isystem /x -cxx-isystem /y -isystem-after /z -o foo.o', 'gcc -c foo.c -o foo.o'],
    ['gcc -c foo.c -finput-charset=UTF-8 -g -o foo.o', 'gcc -c foo.c -finput-charset=UTF-8 -g -o foo.o'],
    ['gcc -x c -x c++ -c foo.c -o foo.o', 'gcc -x cpp-output -x c++-cpp-output -c foo.c -o foo.o'],
  ])('of %s is %s', (line, expected) => expect(remote(line)).toBe(expected));

  it('tells clang not to mind options that only its preprocessor uses', () => {
    expect(remote('clang -Werror -iquote q -c foo.c')).toBe(
      'clang -Werror -iquote q -c foo.c -o foo.o -Qunused-arguments',
    );
  });

  it('leaves out the precompiled header that clang has read while it preprocessed', () => {
    const line = 'clang -include-pch h.pch -Xclang -include-pch -Xclang h.pch -Xclang -include -Xclang h.h -c foo.c';
    expect(remote(line)).toBe('clang -c foo.c -o foo.o -Qunused-arguments');
  });

  it.each([
    ['clang -g -c a.c', '/home/me', ' -Xclang -fdebug-compilation-dir -Xclang /home/me'],
    ['clang -gdwarf-4 -c a.c', '/home/me', ' -Xclang -fdebug-compilation-dir -Xclang /home/me'],
    ['clang -g0 -c a.c', '/home/me', ''],
    ['clang -c a.c', '/home/me', ''],
    ['clang -g -c a.c', undefined, ''],
    ['clang -g -c a.c', '/home/me.c', ''],
    ['clang -g -ffile-compilation-dir=. -c a.c', '/home/me', ''],
  ])('tells clang the working directory for debug information: %s in %s', (line, directory, added) => {
    expect(remote(line, directory).split(' -Qunused-arguments')[1]).toBe(added);
  });

  it('leaves gcc alone, which has the working directory from the text', () => {
    expect(remote('gcc -g -c a.c', '/home/me')).toBe('gcc -g -c a.c -o a.o');
  });
});
