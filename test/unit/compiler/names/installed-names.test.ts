import { describe, expect, it } from 'vitest';
import { compilersAmong } from '../../../../src/compiler/names/installed-names.ts';

const toolchains = [
  { triple: 'x86_64-linux-gnu', versions: ['12', '9'] },
  { triple: 'aarch64-linux-gnu', versions: ['12'] },
];

describe('compilersAmong()', () => {
  it.each([
    'cc',
    'c++',
    'c89-gcc',
    'c99-g++',
    'nvcc',
    'gcc-12',
    'g++-9',
    'x86_64-linux-gnu-gcc',
    'aarch64-linux-gnu-g++-12',
    'clang',
    'clang++-14',
    'clang-15.1',
    'llvm-clang-15',
  ])("takes Debian's %s", (name) => {
    expect(compilersAmong([name], toolchains, 'debian')).toEqual([name]);
  });

  it.each([
    'c89',
    'gcc-11',
    'aarch64-linux-gnu-gcc-9',
    'arm-none-eabi-gcc',
    'gcc-ar',
    'clang-tidy',
    'clang-cpp-14',
    'clang-14-foo',
    'aclang',
    'x86_64-linux-gnu-clang',
    'ls',
    'gfortran',
  ])("leaves Debian's %s alone", (name) => {
    expect(compilersAmong([name], toolchains, 'debian')).toEqual([]);
  });

  it.each([
    'cc',
    'CC',
    'c99',
    'clang++',
    'gcc',
    'gcc13',
    'g++13',
    'x86_64-portbld-freebsd14.1-gcc13',
    'clang18',
    'clang++-18',
  ])("takes FreeBSD's %s", (name) => {
    expect(compilersAmong([name], [], 'freebsd')).toEqual([name]);
  });

  it.each(['cpp13', 'gcc-ar13', 'clang-format18', 'clang-cpp', 'gfortran13', 'ccache', 'distcc'])(
    "leaves FreeBSD's %s alone",
    (name) => {
      expect(compilersAmong([name], [], 'freebsd')).toEqual([]);
    },
  );

  it('names each compiler once, in order', () => {
    expect(compilersAmong(['gcc', 'cc', 'gcc', 'c++'], [], 'debian')).toEqual(['c++', 'cc', 'gcc']);
  });
});
