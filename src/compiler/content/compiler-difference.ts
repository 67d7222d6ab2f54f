import type { Fingerprint } from './fingerprint.ts';

/** The two compilers of a name, and whether the command itself names what it compiles for. */
export interface Compared {
  /** The name that both have. */
  readonly compiler: string;
  readonly here: Fingerprint;
  readonly targetNamed: boolean;
}

/** How another compiler of the same name is called in a sentence about a host. */
export const otherVersion = (compiler: string, there: string, here: string): string =>
  `has another ${compiler}: "${there}" there, "${here}" here`;

/**
 * What tells a host's compiler from the one here, as a sentence's end after the host's name; undefined when both make
 * the same of the same source. Two with one version may have other bytes: built on another machine, or for another
 * processor, they still make the same.
 */
export function differenceOf(there: Fingerprint, { compiler, here, targetNamed }: Compared): string | undefined {
  if (there.version !== here.version) return otherVersion(compiler, there.version, here.version);
  if (there.target !== here.target) {
    // What it makes by default does not matter then, and cannot be compared.
    if (targetNamed) return undefined;
    return `has another ${compiler}: it compiles for ${there.target} there, for ${here.target} here`;
  }
  if (there.makes === here.makes) return undefined;
  return `has another ${compiler}: both are "${here.version}", and the one there makes other code of the same source`;
}
