/**
 * A directory of gcc's internal files, as on Debian: `/usr/lib/gcc/x86_64-linux-gnu`, with one entry for each version.
 */
export interface Toolchain {
  readonly triple: string;
  readonly versions: readonly string[];
}

/** How a kind of system names its compilers. */
export type NamingCustom = 'debian' | 'freebsd';

/** Names that Debian's distcc package always looks for. */
const debianNames = ['cc', 'c++', 'gcc', 'g++', 'c89-gcc', 'c89-g++', 'c99-gcc', 'c99-g++', 'nvcc'];

/** Debian's clangs. `clang-tidy`, `clang-format-14` and `clang-cpp` do not compile. */
const debianClang = /^(?:llvm-)?clang(?:\+\+)?(?:-\d+(?:\.\d+)*)?$/;

/**
 * FreeBSD's base system has `cc`, `clang` and no gcc; ports bring `gcc13`, `clang++18` and names with the system's
 * triple before them.
 */
const freebsdName =
  /^(?:cc|c\+\+|CC|c89|c99|clang|clang\+\+|(?:[a-z0-9_]+-portbld-freebsd[0-9.]+-)?(?:gcc|g\+\+)(?:\d+)?|clang(?:\+\+)?(?:-?\d+))$/;

function gccNames(toolchains: readonly Toolchain[]): string[] {
  return toolchains.flatMap(({ triple, versions }) =>
    ['gcc', 'g++'].flatMap((name) => [
      `${triple}-${name}`,
      ...versions.flatMap((version) => [`${name}-${version}`, `${triple}-${name}-${version}`]),
    ]),
  );
}

/** The names among `programs` that are compilers whose work can be distributed, sorted, each once. */
export function compilersAmong(
  programs: readonly string[],
  toolchains: readonly Toolchain[],
  custom: NamingCustom,
): string[] {
  const known = new Set([...debianNames, ...gccNames(toolchains)]);
  const isCompiler = (name: string): boolean =>
    custom === 'freebsd' ? freebsdName.test(name) : known.has(name) || debianClang.test(name);
  return [...new Set(programs)].filter(isCompiler).sort();
}
