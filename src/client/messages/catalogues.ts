import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { baseName } from '../../compiler/names/source-name.ts';

/** Where compilers find messages in other languages than English. */
const catalogues = '/usr/share/locale';

/** Catalogues found, by language. A package that is installed later is seen by the next agent only. */
const known = new Map<string, readonly string[]>();

function filesOf(language: string, folder: string): readonly string[] {
  try {
    return readdirSync(join(folder, language, 'LC_MESSAGES'));
  } catch {
    return [];
  }
}

/**
 * Whether this machine has the messages of gcc in a language: `de/LC_MESSAGES/gcc.mo`, on Debian with the version, as
 * `gcc-12.mo`. A compiler name without a version may mean any of them.
 */
export function hasCatalogue(language: string, compiler: string, folder = catalogues): boolean {
  // The name comes from the environment and must not lead out of the folder.
  if (!/^[A-Za-z]+(?:_[A-Za-z]+)?$/.test(language)) return false;
  const place = join(folder, language);
  const names = known.get(place) ?? filesOf(language, folder).filter((name) => /^gcc(?:-[0-9.]+)?\.mo$/.test(name));
  known.set(place, names);
  const version = /-([0-9][0-9.]*)$/.exec(baseName(compiler))?.[1];
  return version === undefined ? names.length > 0 : names.includes('gcc.mo') || names.includes(`gcc-${version}.mo`);
}
