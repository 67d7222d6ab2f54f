import { isClang } from './compiler-family.ts';
import { danglingOption } from './option-values.ts';
import { baseName } from './source-name.ts';

/** What rewriting a compiler's name has to know about this machine. */
export interface CompilerNames {
  /** This machine as the compilers spell it: `x86_64-linux-gnu`. */
  readonly triple: string;
  /** The path of the first executable of that name on PATH, entries that contain `distcc` left out. */
  find(name: string): string | undefined;
  /** The text of a symbolic link, `undefined` when the path is none. */
  linkText(path: string): string | undefined;
}

/** A command whose compiler means the same on every machine, and what was changed, for the log. */
export interface CrossCommand {
  readonly words: readonly string[];
  readonly changes: readonly string[];
}

/** The compilers that the two general names may stand for. */
const generalNames: ReadonlyMap<string, readonly string[]> = new Map([
  ['c++', ['clang++', 'g++']],
  ['cc', ['clang', 'gcc']],
]);

/** The name behind `cc` or `c++`, one or two links away (Debian goes by way of /etc/alternatives). */
function realName(name: string, names: CompilerNames): string {
  const known = generalNames.get(name);
  const path = known && names.find(name);
  if (known === undefined || path === undefined) return name;
  let target = names.linkText(path);
  if (target === `/etc/alternatives/${name}`) target = names.linkText(target);
  const real = baseName(target ?? '');
  return known.includes(real) && names.find(real) !== undefined ? real : name;
}

const gcc = /^(?:gcc|g\+\+)(?:-.*)?$/;

/**
 * Replaces names that mean another compiler on another machine (client-arguments reference, section 5): `cc` by `gcc`, `gcc` by
 * `TRIPLE-gcc`, and clang gets `-target TRIPLE`, also for jobs that stay here. A name with a slash stays. Positions of words stay.
 */
export function crossCommand(words: readonly string[], names: CompilerNames): CrossCommand {
  const [given = ''] = words;
  if (given.includes('/')) return { words, changes: [] };
  const changes: string[] = [];
  const real = realName(given, names);
  if (real !== given) changes.push(`rewriting "${given}" to "${real}"`);
  const rest = words.slice(1);
  if (isClang(real) && real.startsWith('clang')) {
    const target = targetWords(words, names.triple);
    if (target.length > 0) changes.push(`adding "${target.join(' ')}" to support clang cross-compilation`);
    return { words: [real, ...rest, ...target], changes };
  }
  const full = `${names.triple}-${real}`;
  if (!gcc.test(real) || names.find(full) === undefined) return { words: [real, ...rest], changes };
  changes.push(`rewriting "${real}" to "${full}" to support cross-compilation`);
  return { words: [full, ...rest], changes };
}

/** The words that name clang's target, none when the command names one or has no place for them at its end. */
function targetWords(words: readonly string[], triple: string): string[] {
  const named = words.some((word) => word === '-target' || word.startsWith('--target'));
  if (named || words.includes('--') || danglingOption(words) !== undefined) return [];
  return ['-target', triple];
}
