import { isClang } from '../names/compiler-family.ts';
import { danglingOption } from './option-values.ts';
import { baseName } from '../names/source-name.ts';
import type { Reason } from '../verdict.ts';

/** A program in PATH. */
export interface ProgramFile {
  /** Which entry of PATH it is in. */
  readonly entry: number;
  /** Whether it is distcc or a link to distcc. */
  readonly ours: boolean;
  /** Device and inode: names with the same ones are one program. */
  readonly device: number;
  readonly inode: number;
  /** The file's own path, after all links. */
  readonly real: string;
}

/** What has to be known about this machine to name a compiler. */
export interface CompilerNames {
  /** This machine as the compilers spell it: `x86_64-linux-gnu`. */
  readonly triple: string;
  /** The programs of that name in PATH, in its order. */
  programs(name: string): readonly ProgramFile[];
}

/**
 * A command whose compiler name means the same on every machine, and the changes, for the log; or the reason why that
 * is impossible.
 */
export type CrossCommand =
  | { readonly known: true; readonly words: readonly string[]; readonly changes: readonly string[] }
  | ({ readonly known: false } & Reason);

/** The compilers that `cc` and `c++` may stand for. */
const generalNames: ReadonlyMap<string, readonly string[]> = new Map([
  ['c++', ['clang++', 'g++']],
  ['cc', ['clang', 'gcc']],
]);

const gcc = /^(?:gcc|g\+\+)(?:-.*)?$/;

/** Programs that pass a command on to the next one of the same name. */
const transparent: ReadonlySet<string> = new Set(['ccache', 'sccache']);

const isSame = (one: ProgramFile, other: ProgramFile): boolean =>
  one.device === other.device && one.inode === other.inode;

/** The compilers of a name. ccache and the like are left out unless nothing else is found. */
function compilersOf(name: string, names: CompilerNames): readonly ProgramFile[] {
  const others = names.programs(name).filter(({ ours }) => !ours);
  const compilers = others.filter(({ real }) => !transparent.has(baseName(real)));
  return compilers.length > 0 ? compilers : others;
}

/** Every name that must be looked up to find a compiler's name on other machines; none for a path. */
export function namesToLookFor(given: string, triple: string): string[] {
  if (given.includes('/') || given === '') return [];
  const real = [given, ...(generalNames.get(given) ?? [])];
  return [...real, ...real.filter((name) => gcc.test(name)).map((name) => `${triple}-${name}`)];
}

/** The name of the program that `cc` or `c++` leads to. */
function realName(given: string, program: ProgramFile, names: CompilerNames): string {
  const known = generalNames.get(given) ?? [];
  const real = known.find((name) => {
    const [first] = compilersOf(name, names);
    return first !== undefined && isSame(first, program);
  });
  return real ?? given;
}

function hidden(given: string, full: string): CrossCommand {
  return {
    known: false,
    because: `"${given}" is another program than "${full}" on this machine, so a host may have another one too`,
    cure: 'call the compiler by a name that tells its version and that hosts have, such as "gcc-12"',
  };
}

/**
 * Replaces names that mean another compiler on another machine (doc/distcc-behaviour.md, "Names of compilers"): `cc` by
 * `gcc`, and `gcc` by `TRIPLE-gcc`, when both are the same program. When PATH has several programs of one name, the
 * first may be a wrapper or a version that hosts lack. A name with a slash is not changed. The positions of words stay
 * the same.
 */
export function crossCommand(words: readonly string[], names: CompilerNames): CrossCommand {
  const [given = '', ...rest] = words;
  const [program, ...others] = given.includes('/') ? [] : compilersOf(given, names);
  if (program === undefined) return { known: true, words, changes: [] };
  const real = realName(given, program, names);
  const changes = real === given ? [] : [`rewriting "${given}" to "${real}"`];
  const full = `${names.triple}-${real}`;
  const [same] = gcc.test(real) ? compilersOf(full, names) : [];
  if (same === undefined) {
    if (real === given && others.some((other) => !isSame(other, program)))
      return hidden(given, `the next "${given}" of PATH`);
    return { known: true, words: [real, ...rest], changes };
  }
  if (!isSame(same, program)) return hidden(given, full);
  changes.push(`rewriting "${real}" to "${full}" to support cross-compilation`);
  return { known: true, words: [full, ...rest], changes };
}

/** Whether a command runs clang without naming a target: another machine's clang may have another default. */
export function leavesTarget(words: readonly string[]): boolean {
  const [name = ''] = words;
  if (!isClang(name) || !baseName(name).startsWith('clang')) return false;
  const named = words.some((word) => word === '-target' || word.startsWith('--target'));
  return !named && !words.includes('--') && danglingOption(words) === undefined;
}
